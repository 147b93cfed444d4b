package main

import (
	"context"
	"io"
	"time"
)

// watched is a stream that ends with errIdle when no byte moves for a while; counted bytes are told.
type watched struct {
	from  io.Reader
	out   *events
	idle  time.Duration
	timer *time.Timer
	count int64
	seen  func([]byte)
	ended func() error
}

// watch starts the clock; `cancel` is called when it runs out.
func watch(cancel context.CancelCauseFunc, idle time.Duration, out *events) *watched {
	made := &watched{out: out, idle: idle, seen: func([]byte) {}, ended: func() error { return nil }}
	made.timer = time.AfterFunc(idle, func() { cancel(errIdle) })
	return made
}

func (w *watched) Read(into []byte) (int, error) {
	count, err := w.from.Read(into)
	if count > 0 {
		w.timer.Reset(w.idle)
		w.count += int64(count)
		w.out.moved(int64(count))
		w.seen(into[:count])
	}
	if err == io.EOF {
		w.timer.Reset(10 * time.Minute) // a registry may take its time to put a large blob in its place
		if wrong := w.ended(); wrong != nil {
			return count, wrong
		}
	}
	return count, err
}

func (w *watched) stop() { w.timer.Stop() }

// cause replaces the cancellation by an idle clock with its reason.
func cause(ctx context.Context, err error) error {
	if err != nil && context.Cause(ctx) == errIdle {
		return errIdle
	}
	return err
}
