package app

import (
	"testing"

	"upshot/app/intake"
	"upshot/store/storetest"
)

// How many deliveries a second become incidents, half of them new and half of them over. Twice what a company is thought to send at most
// (200 a second) is the least that is well.
func BenchmarkDrain(b *testing.B) {
	for name, address := range map[string]func(testing.TB) string{"sqlite": storetest.File, "postgres": storetest.Postgres} {
		b.Run(name, func(b *testing.B) {
			s := startTaken(b, address(b))
			src := s.source(intake.Alertmanager, intake.Mapping{})
			for n := range b.N {
				d := intake.NewDelivery(src, s.words.intake.Makers[src.Kind], intake.Headers{}, []byte(floodBody(n)), s.clock.Now())
				if _, err := s.words.intake.Receive(b.Context(), d); err != nil {
					b.Fatal(err)
				}
			}
			b.ResetTimer()
			s.must(s.words.intake.Drain(b.Context()))
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "deliveries/s")
		})
	}
}
