package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// blob copies one blob, going on where an earlier attempt or run stopped.
func (f *fetched) blob(ctx context.Context, target *layout, blob ocispec.Descriptor) error {
	what := fmt.Sprintf("%s: blob %s", f.repository, blob.Digest)
	wrong := 0
	return f.again(ctx, what, func() (bool, error) {
		part, err := target.part(blob)
		if err != nil {
			return false, err
		}
		defer part.close()
		within, cancel := context.WithCancelCause(ctx)
		defer cancel(nil)
		clock := watch(cancel, seconds(f.wait.Idle), f.out)
		defer clock.stop()
		clock.seen = part.sum
		stream, err := f.open(within, blob.Digest, part.offset)
		if status(err) == http.StatusNotFound {
			return false, &fault{path: f.repository, value: string(blob.Digest), rule: missing(blob)}
		}
		if errors.Is(err, errOtherPart) { // the next attempt asks for all of it
			f.out.moved(-part.offset)
			return false, errors.Join(err, part.restart())
		}
		if err != nil {
			return false, cause(within, err)
		}
		defer stream.Close()
		if stream.size >= 0 && stream.size != blob.Size {
			if wrong++; wrong > 1 {
				rule := fmt.Sprintf("the image says %d bytes: the registry must have as many", blob.Size)
				return false, &fault{path: what, value: fmt.Sprintf("%d bytes", stream.size), rule: rule}
			}
			return false, &broken{fmt.Errorf("the registry has %d bytes of it, the image says %d", stream.size, blob.Size)}
		}
		if stream.from != part.offset { // a server that gives whole blobs only
			f.out.moved(-part.offset)
			if err := part.restart(); err != nil {
				return false, err
			}
		}
		clock.from = io.LimitReader(stream, blob.Size-part.offset)
		err = part.copy(clock)
		if err == nil {
			err = part.finish()
		}
		if err != nil && part.wrong {
			f.out.moved(-blob.Size)
			if wrong++; wrong > 1 {
				rule := "the registry must give the bytes that the digest names: twice it gave others"
				return false, &fault{path: f.repository, value: string(blob.Digest), rule: rule}
			}
		}
		return clock.count > 0 && !part.wrong, cause(within, err)
	})
}

func missing(blob ocispec.Descriptor) string {
	if len(blob.URLs) > 0 {
		return "its registry does not hold this layer, only an address of it: a bundle takes images that are whole"
	}
	return "the registry must have every blob that the image names"
}
