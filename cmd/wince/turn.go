package main

import (
	"context"
	"crypto/tls"
	"log/slog"
	"net"
	"time"

	"wince/stream/rtc"
	"wince/web"
)

// relayLife is how long a tablet's credentials for the relay are good: they are made for each connection.
const relayLife = time.Hour

// relay starts the TURN server where one is wanted, and returns what names it to tablets, nil without one, and what ends it.
func (c *config) relay(ctx context.Context, conf *tls.Config, at net.UDPAddr, video int, log *slog.Logger) (servers func() []web.ICEServer, end func(), err error) {
	if c.TURN.Listen == "" {
		return nil, func() {}, nil
	}
	l, err := listen(ctx, c.TURN.Listen)
	if err != nil {
		return nil, nil, err
	}
	own := conf.Clone()
	own.NextProtos = nil // it speaks no HTTP
	r, err := rtc.NewRelay(rtc.RelayConfig{Listener: tls.NewListener(l, own), VideoPort: video, Address: at.IP, Logger: log})
	if err != nil {
		l.Close()
		return nil, nil, err
	}
	servers = func() []web.ICEServer {
		name, password, err := r.Credentials(relayLife)
		if err != nil {
			log.Error("name the relay", "error", err)
			return nil
		}
		return []web.ICEServer{{URL: c.TURN.URL, Username: name, Credential: password}}
	}
	return servers, func() {
		if err := r.Close(); err != nil {
			log.Warn("close the relay", "error", err)
		}
	}, nil
}
