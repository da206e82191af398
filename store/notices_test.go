package store_test

import (
	"context"
	"testing"
	"time"

	"upshot/app/incident"
	"upshot/app/notice"
	"upshot/store"
	"upshot/store/storetest"
)

// untold saves a significant incident detected at a moment, of the service.
func untold(t *testing.T, s *store.Store, detected time.Time, change func(*incident.Incident)) incident.Incident {
	t.Helper()
	i := incident.New("Checkout fails for everybody", detected)
	i.Services, i.Severity, i.Moments.DetectedAt = []string{"checkout"}, incident.SEV1, detected
	if change != nil {
		change(&i)
	}
	i.Standing = i.Alone(false)
	return saved(t, s, i)
}

func TestTheLookOutFindsWhatDevelopersMustHear(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		team := addTeam(t, s, "payments")
		addService(t, s, "checkout", team.ID, 0)
		addService(t, s, "orphan", 0, 0)
		now := morning.Add(time.Hour)
		want := untold(t, s, morning, nil).ID
		long := untold(t, s, morning, func(i *incident.Incident) { i.Moments.StartedAt = morning.AddDate(0, 0, -9) }).ID
		untold(t, s, morning, func(i *incident.Incident) { i.Severity = incident.SEV3 })
		untold(t, s, morning, func(i *incident.Incident) { i.Kind = incident.Drill })
		untold(t, s, morning, func(i *incident.Incident) { i.Services = []string{"orphan"} })
		untold(t, s, morning, func(i *incident.Incident) { i.Services = nil })
		untold(t, s, morning, func(i *incident.Incident) { i.MergedInto = want })
		untold(t, s, morning, func(i *incident.Incident) { i.Learn(incident.Telling{At: morning, By: incident.ByPage}) })
		untold(t, s, morning.AddDate(-1, 0, 0), nil)

		got, err := s.ToNotify(t.Context(), now.Add(-incident.TellWithin), 10)
		if err != nil || len(got) != 2 || got[0] != want || got[1] != long {
			t.Errorf("got %v, %v; want INC-%d and INC-%d", got, err, want, long)
		}
		plan := planOf(t, s, func(ctx context.Context) error { _, err := s.ToNotify(ctx, now, 10); return err })
		wantIndexed(t, plan)
		for _, ask := range []func(ctx context.Context) error{
			func(ctx context.Context) error { _, err := s.NoticesOf(ctx, []incident.ID{1, 2}); return err },
			func(ctx context.Context) error { _, err := s.NoticeHealth(ctx, now); return err },
		} {
			wantIndexed(t, planOf(t, s, ask))
		}
	})
}

func TestANoticeIsClaimedByOneAndTakenOverAfterItsLease(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		team := addTeam(t, s, "payments")
		addService(t, s, "checkout", team.ID, 0)
		i := untold(t, s, morning, nil)
		row := notice.Notice{Incident: i.ID, Team: team.ID, Way: notice.ByMail, Address: "a@x.test", State: notice.Waiting, NextAt: morning, CreatedAt: morning}
		other := row
		other.Way, other.Address = notice.BySlack, ""
		for range 2 { // written down twice, they are there once
			if err := s.AddNotices(ctx, []notice.Notice{row, other}); err != nil {
				t.Fatal(err)
			}
		}
		claim := func(now time.Time) (notice.Notice, bool) {
			t.Helper()
			n, due, err := s.ClaimNotice(ctx, "replica", now, now.Add(time.Minute), true)
			if err != nil {
				t.Fatal(err)
			}
			return n, due
		}
		settle := func(n notice.Notice, want bool) {
			t.Helper()
			if settled, err := s.SettleNotice(ctx, n); err != nil || settled != want {
				t.Fatalf("settled %t, %v; want %t", settled, err, want)
			}
		}
		if _, due := claim(morning.Add(-time.Second)); due {
			t.Error("claimed before its time")
		}
		first, _ := claim(morning)
		second, _ := claim(morning)
		if first.Way != notice.ByMail || second.Way != notice.BySlack || first.Attempt != 1 {
			t.Fatalf("claimed %+v and %+v", first, second)
		}
		if n, due := claim(morning.Add(59 * time.Second)); due {
			t.Fatalf("claimed twice: %+v", n)
		}
		second.State, second.AcceptedAt = notice.Accepted, morning
		settle(second, true)
		settle(second, false) // it is settled

		taken, due := claim(morning.Add(time.Minute))
		if !due || taken.ID != first.ID || taken.Fence <= first.Fence || taken.Attempt != 2 {
			t.Fatalf("taken over: %t %+v", due, taken)
		}
		first.State = notice.Dead
		settle(first, false) // whoever came back late
		taken.State, taken.NextAt, taken.Trouble = notice.Waiting, morning.Add(time.Hour), notice.Told{Words: "busy", Status: 451, At: morning.Add(time.Minute)}
		settle(taken, true)
		if _, due := claim(morning.Add(30 * time.Minute)); due {
			t.Error("tried again too early")
		}
		h, err := s.NoticeHealth(ctx, morning.Add(time.Hour))
		if err != nil || h.Waiting != 1 || h.Accepted != 1 || h.Dead != 0 || h.Latest.Words != "busy" || len(h.Troubled) != 1 {
			t.Errorf("health %+v, %v", h, err)
		}
		dead, _ := claim(morning.Add(time.Hour))
		dead.State = notice.Dead
		settle(dead, true)
		if h, err = s.NoticeHealth(ctx, morning.Add(2*time.Hour)); err != nil || h.Waiting != 0 || h.Dead != 1 {
			t.Errorf("health %+v, %v", h, err)
		}
		again, err := s.UpdateNotice(ctx, dead.ID, func(n *notice.Notice) error { n.State, n.Attempt = notice.Waiting, 0; return nil })
		if err != nil || again.State != notice.Waiting {
			t.Errorf("again %+v, %v", again, err)
		}
		of, err := s.NoticesOf(ctx, []incident.ID{i.ID, 99})
		if err != nil || len(of) != 1 || len(of[i.ID]) != 2 || of[i.ID][0].Trouble.Status != 451 || !of[i.ID][1].AcceptedAt.Equal(morning) {
			t.Errorf("notices %+v, %v", of, err)
		}
	})
}

func TestAChannelSpeaksOnceUnlessItKnowsOfAnEarlierMoment(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		team := addTeam(t, s, "payments")
		addService(t, s, "checkout", team.ID, 0)
		i := untold(t, s, morning, nil)
		for n, c := range []struct {
			by   incident.Channel
			at   time.Duration
			want bool
		}{
			{incident.ByTicket, time.Hour, true},
			{incident.ByTicket, time.Hour, false},
			{incident.ByTicket, 2 * time.Hour, false},
			{incident.ByPage, 2 * time.Hour, true},
			{incident.ByTicket, 59*time.Minute + 500*time.Millisecond, true},
			{incident.ByTicket, 59 * time.Minute, true},
		} {
			news, err := s.NoteTelling(t.Context(), i.ID, incident.Telling{At: morning.Add(c.at), By: c.by})
			if err != nil || news != c.want {
				t.Errorf("%d: news %t, %v", n, news, err)
			}
		}
	})
}
