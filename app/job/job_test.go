package job_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"upshot/app/job"
	"upshot/store"
	"upshot/store/storetest"
)

type greetArgs struct{ Name string }

func (greetArgs) Kind() string { return "test.greet" }

type tidyArgs struct {
	job.Once
	Room string
}

func (tidyArgs) Kind() string { return "test.tidy" }

// desk notes what was done, in order.
type desk struct {
	mu   sync.Mutex
	done []string
	news chan string
}

func newDesk() *desk { return &desk{news: make(chan string, 1000)} }

func (d *desk) note(what string) {
	d.mu.Lock()
	d.done = append(d.done, what)
	d.mu.Unlock()
	d.news <- what
}

// waitFor reads the news until all of that was done, in whatever order.
func (d *desk) waitFor(t *testing.T, want ...string) {
	t.Helper()
	want = slices.Clone(want)
	for len(want) > 0 {
		select {
		case what := <-d.news:
			if i := slices.Index(want, what); i >= 0 {
				want = slices.Delete(want, i, i+1)
			}
		case <-time.After(30 * time.Second):
			t.Fatalf("still waiting for %q; done so far: %q", want, d.all())
		}
	}
}

func (d *desk) all() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Sorted(slices.Values(d.done))
}

func (d *desk) greet(_ context.Context, a greetArgs) error { d.note(a.Name); return nil }
func (d *desk) tidy(_ context.Context, a tidyArgs) error   { d.note(a.Room); return nil }

func discard() *slog.Logger { return slog.New(slog.DiscardHandler) }

// start runs the queue until the function it gives is called, or the test ends.
func start(t *testing.T, s *store.Store, q *job.Queue) (stop func()) {
	t.Helper()
	end, err := s.StartJobs(t.Context(), q.Config())
	if err != nil {
		t.Fatal(err)
	}
	stop = sync.OnceFunc(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		if err := end(ctx); err != nil {
			t.Errorf("stop: %v", err)
		}
	})
	t.Cleanup(stop)
	return stop
}

func enqueue(t *testing.T, s *store.Store, jobs ...job.Args) {
	t.Helper()
	for _, j := range jobs {
		if err := s.Enqueue(t.Context(), j); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAJobIsKeptWithItsTransaction(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		errNo := errors.New("no")
		for name, end := range map[string]error{"kept": nil, "undone": errNo} {
			err := s.InTx(t.Context(), func(ctx context.Context) error {
				if err := s.Enqueue(ctx, greetArgs{name}); err != nil {
					return err
				}
				return end
			})
			if !errors.Is(err, end) {
				t.Fatal(err)
			}
		}
		d := newDesk()
		stop := start(t, s, job.New(discard(), job.Work(d.greet, job.Limits{})))
		enqueue(t, s, greetArgs{"last"}) // by a process that also runs jobs
		d.waitFor(t, "kept", "last")
		stop()
		if got := d.all(); !slices.Equal(got, []string{"kept", "last"}) {
			t.Errorf("done: %q", got)
		}
	})
}

func TestOnceIsOnceWhileItWaits(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		for range 5 {
			enqueue(t, s, tidyArgs{Room: "kitchen"})
		}
		enqueue(t, s, tidyArgs{Room: "hall"})
		d := newDesk()
		q := job.New(discard(), job.Work(d.tidy, job.Limits{}))
		stop := start(t, s, q)
		d.waitFor(t, "kitchen", "hall")
		stop()
		if got := d.all(); !slices.Equal(got, []string{"hall", "kitchen"}) {
			t.Errorf("done: %q", got)
		}
		enqueue(t, s, tidyArgs{Room: "kitchen"}) // it is done, and may be wanted again
		start(t, s, q)
		d.waitFor(t, "kitchen")
	})
}

type lookArgs struct {
	job.Minutely
	Room string
}

func (lookArgs) Kind() string { return "test.look" }

func TestMinutelyIsOnceInAMinuteThoughItIsDone(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		d := newDesk()
		start(t, s, job.New(discard(), job.Work(func(_ context.Context, a lookArgs) error { d.note(a.Room); return nil }, job.Limits{}), job.Work(d.greet, job.Limits{})))
		for n := 0; ; n++ {
			room, minute := fmt.Sprint("room ", n), time.Now().Truncate(time.Minute)
			enqueue(t, s, lookArgs{Room: room})
			d.waitFor(t, room)
			enqueue(t, s, lookArgs{Room: room}, greetArgs{"last"})
			if time.Now().Truncate(time.Minute) != minute {
				continue // another minute began in between
			}
			d.waitFor(t, "last")
			if got := d.all(); slices.Index(got, room) != len(got)-1 {
				t.Errorf("done: %q", got)
			}
			return
		}
	})
}

func TestFailuresAndPanicsAreToldOnceAndTriedAgain(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		var (
			log  bytes.Buffer
			mu   sync.Mutex
			runs = map[string]int{}
			d    = newDesk()
		)
		q := job.New(slog.New(slog.NewTextHandler(&log, nil)), job.Work(func(_ context.Context, a greetArgs) error {
			mu.Lock()
			runs[a.Name]++
			first := runs[a.Name] == 1
			mu.Unlock()
			switch {
			case a.Name == "hopeless":
				d.note(a.Name)
				return job.GiveUp(errors.New("no such person"))
			case first && a.Name == "fails":
				return errors.New("line engaged")
			case first && a.Name == "panics":
				panic("dropped the phone")
			case first && a.Name == "later":
				return job.Later(time.Millisecond)
			}
			d.note(a.Name)
			return nil
		}, job.Limits{Attempts: 2}))
		stop := start(t, s, q)
		enqueue(t, s, greetArgs{"hopeless"}, greetArgs{"fails"}, greetArgs{"panics"}, greetArgs{"later"})
		d.waitFor(t, "hopeless", "fails", "panics", "later")
		stop()
		if runs["hopeless"] != 1 {
			t.Errorf("given up, yet run %d times", runs["hopeless"])
		}
		for _, say := range []string{"no such person", "line engaged", "dropped the phone"} {
			var told int
			for line := range strings.Lines(log.String()) {
				if strings.Contains(line, say) {
					told++
					if !strings.Contains(line, "job=test.greet") {
						t.Errorf("the job has no name: %s", line)
					}
				}
			}
			if told != 1 {
				t.Errorf("%q was told %d times:\n%s", say, told, log.String())
			}
		}
	})
}

func TestTheLastAttemptIsTheLast(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t)
	var log bytes.Buffer
	d := newDesk()
	q := job.New(slog.New(slog.NewTextHandler(&log, nil)), job.Work(func(_ context.Context, a greetArgs) error {
		d.note(a.Name)
		return errors.New("nobody there")
	}, job.Limits{Attempts: 1}))
	stop := start(t, s, q)
	enqueue(t, s, greetArgs{"ann"})
	d.waitFor(t, "ann")
	stop()
	if !strings.Contains(log.String(), "job failed for good") {
		t.Errorf("the log says %s", log.String())
	}
}

func TestTwoReplicasDoAJobOnce(t *testing.T) {
	t.Parallel()
	storetest.EachAddress(t, func(t *testing.T, address string) {
		d := newDesk()
		var stops []func()
		var first *store.Store
		for range 2 {
			s, err := store.Open(t.Context(), address)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = s.Close() })
			stops = append(stops, start(t, s, job.New(discard(), job.Work(d.greet, job.Limits{}))))
			first = s
		}
		var want []string
		for _, name := range strings.Split("abcdefghijklmnopqrst", "") {
			want = append(want, name)
			enqueue(t, first, greetArgs{name})
		}
		d.waitFor(t, want...)
		for _, stop := range stops {
			stop()
		}
		if got := d.all(); !slices.Equal(got, want) {
			t.Errorf("done: %q", got)
		}
	})
}

func TestWhatIsRegularRunsAtTheStart(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		d := newDesk()
		start(t, s, job.New(discard(), job.Work(d.tidy, job.Limits{}), job.Every(time.Hour, tidyArgs{Room: "kitchen"})))
		d.waitFor(t, "kitchen")
	})
}

func TestARunHasATimeLimit(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t)
	d := newDesk()
	start(t, s, job.New(discard(), job.Work(func(ctx context.Context, a greetArgs) error {
		<-ctx.Done()
		d.note(a.Name)
		return ctx.Err()
	}, job.Limits{Timeout: 20 * time.Millisecond, Attempts: 1})))
	enqueue(t, s, greetArgs{"ann"})
	d.waitFor(t, "ann")
}

func TestStoppingWaitsForTheJobAtHandThenCancelsIt(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		d := newDesk()
		begun := make(chan struct{})
		end, err := s.StartJobs(t.Context(), job.New(discard(), job.Work(func(ctx context.Context, a greetArgs) error {
			close(begun)
			<-ctx.Done()
			d.note(a.Name)
			return ctx.Err()
		}, job.Limits{})).Config())
		if err != nil {
			t.Fatal(err)
		}
		enqueue(t, s, greetArgs{"ann"})
		<-begun
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		if err := end(ended); !errors.Is(err, context.Canceled) {
			t.Errorf("stop says %v", err)
		}
		d.waitFor(t, "ann")
		// It is not lost: the next start does it.
		start(t, s, job.New(discard(), job.Work(d.greet, job.Limits{})))
		d.waitFor(t, "ann")
	})
}
