package main

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// polite notes how long servers ask to be left alone (Retry-After with 429 or 503).
type polite struct {
	http.RoundTripper
	lock  sync.Mutex
	until time.Time
}

func (p *polite) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := p.RoundTripper.RoundTrip(request)
	if err != nil || (response.StatusCode != http.StatusTooManyRequests && response.StatusCode != http.StatusServiceUnavailable) {
		return response, err
	}
	if asked := askedFor(response.Header.Get("Retry-After"), time.Now()); asked > 0 {
		p.lock.Lock()
		defer p.lock.Unlock()
		if end := time.Now().Add(asked); end.After(p.until) {
			p.until = end
		}
	}
	return response, nil
}

// askedFor reads Retry-After: seconds, or a time.
func askedFor(text string, now time.Time) time.Duration {
	if count, err := strconv.ParseInt(text, 10, 32); err == nil {
		return time.Duration(count) * time.Second
	}
	if end, err := http.ParseTime(text); err == nil {
		return end.Sub(now)
	}
	return 0
}

func (p *polite) left() time.Duration {
	p.lock.Lock()
	defer p.lock.Unlock()
	return time.Until(p.until)
}

// again does it until it succeeds, it fails for good, or it has failed too often in a row without any progress.
func (f *far) again(ctx context.Context, what string, do func() (progress bool, err error)) error {
	pause := seconds(f.wait.FirstWait)
	for failed := 0; ; {
		if err := sleep(ctx, f.manners.left()); err != nil { // what another blob was told is for all
			return err
		}
		progress, err := do()
		if err == nil || ctx.Err() != nil || !passing(err) {
			return err
		}
		if progress {
			failed, pause = 0, seconds(f.wait.FirstWait)
		}
		if failed++; failed >= f.wait.Attempts {
			return fmt.Errorf("%s: given up after %d attempts: %w", what, failed, err)
		}
		asked := f.manners.left()
		if most := seconds(f.wait.MostAsked); asked > most {
			return fmt.Errorf("%s: the server asks to wait %s, longer than %s: %w", what, whole(asked), most, err)
		}
		wait := max(pause, whole(asked))
		f.out.tell("retry", map[string]any{"what": what, "text": plain(err), "seconds": wait.Seconds()})
		if err := sleep(ctx, wait); err != nil {
			return err
		}
		pause = min(2*pause, seconds(f.wait.LongestWait))
	}
}

// whole is rounded up to seconds.
func whole(wait time.Duration) time.Duration {
	return max(0, (wait + time.Second - 1).Truncate(time.Second))
}

func sleep(ctx context.Context, wait time.Duration) error {
	if wait <= 0 {
		return nil
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(wait):
		return nil
	}
}

// once is again for what is small: each attempt has as long as a stream may be idle.
func (f *far) once(ctx context.Context, what string, do func(ctx context.Context) error) error {
	return f.again(ctx, what, func() (bool, error) {
		within, cancel := context.WithTimeoutCause(ctx, seconds(f.wait.Idle), errIdle)
		defer cancel()
		return false, cause(within, do(within))
	})
}
