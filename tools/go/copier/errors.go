package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"unicode"

	"oras.land/oras-go/v2/registry/remote/errcode"
)

// fault is an image that cannot be taken as it is: no server and no disk refused, and trying again does not help.
type fault struct {
	path, value, rule string
	form              bool // a manifest of a kind that is not known
}

func (f *fault) Error() string { return fmt.Sprintf("%s: %s; rule: %s", f.path, f.value, f.rule) }

func asFault(err error) (*fault, bool) {
	var found *fault
	ok := errors.As(err, &found)
	return found, ok
}

var (
	errIdle = errors.New("no byte came or went for too long")
	query   = regexp.MustCompile(`\?[^\s"']*`)
	userOf  = regexp.MustCompile(`://[^@/\s"']*@`)
)

// plain is an error's text in one line without what may be secret: queries of signed addresses, and names of users.
func plain(err error) string {
	text := query.ReplaceAllString(err.Error(), "")
	text = userOf.ReplaceAllString(text, "://")
	words := strings.FieldsFunc(strings.ToValidUTF8(text, " "), func(letter rune) bool {
		return letter == ' ' || !unicode.IsPrint(letter)
	})
	letters := []rune(strings.Join(words, " "))
	if len(letters) > 600 {
		return string(letters[:600]) + "..."
	}
	return string(letters)
}

// status is the registry's status code, or 0.
func status(err error) int {
	var response *errcode.ErrorResponse
	if errors.As(err, &response) {
		return response.StatusCode
	}
	return 0
}

// code says whether the registry's answer has one of these codes of the distribution specification.
func code(err error, wanted ...string) bool {
	var response *errcode.ErrorResponse
	if !errors.As(err, &response) {
		return false
	}
	for _, entry := range response.Errors {
		for _, name := range wanted {
			if strings.EqualFold(entry.Code, name) {
				return true
			}
		}
	}
	return false
}

// broken is a stream that ended before all of it was there.
type broken struct{ err error }

func (b *broken) Error() string { return b.err.Error() }
func (b *broken) Unwrap() error { return b.err }

// passing says whether the same may succeed later: connections that break, servers that are busy or restarting.
func passing(err error) bool {
	var response *errcode.ErrorResponse
	if errors.As(err, &response) {
		number := response.StatusCode
		return number == http.StatusTooManyRequests || number == http.StatusRequestTimeout ||
			(number >= 500 && number != http.StatusNotImplemented)
	}
	var name *net.DNSError
	var certificate *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	switch {
	case errors.Is(err, context.Canceled), errors.As(err, &certificate), errors.As(err, &record), turnedDown(err), errors.As(err, &name) && name.IsNotFound:
		return false
	case errors.Is(err, errIdle):
		return true
	}
	var stream *broken
	var request *url.Error
	return errors.As(err, &stream) || (errors.As(err, &request) && !strings.Contains(err.Error(), "HTTP response to HTTPS"))
}

// turnedDown says whether the other end has ended the handshake, as it does without a certificate that it asks for.
func turnedDown(err error) bool {
	text := err.Error()
	return strings.Contains(text, "remote error: tls:") && !strings.Contains(text, "internal error")
}
