package rtc

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/pion/logging"
)

// pionLog lets pion write into our log, two levels lower than it does: it warns of every connection that ends.
type pionLog struct{ *slog.Logger }

// NewLogger implements logging.LoggerFactory.
func (l pionLog) NewLogger(scope string) logging.LeveledLogger {
	return pionLog{l.With("pion", scope)}
}

func (l pionLog) write(level slog.Level, format string, args ...any) {
	if l.Enabled(context.Background(), level) {
		l.Log(context.Background(), level, fmt.Sprintf(format, args...))
	}
}

func (l pionLog) Trace(string)                   {}
func (l pionLog) Tracef(string, ...any)          {}
func (l pionLog) Debug(string)                   {}
func (l pionLog) Debugf(string, ...any)          {}
func (l pionLog) Info(m string)                  { l.write(slog.LevelDebug, "%s", m) }
func (l pionLog) Infof(format string, a ...any)  { l.write(slog.LevelDebug, format, a...) }
func (l pionLog) Warn(m string)                  { l.write(slog.LevelDebug, "%s", m) }
func (l pionLog) Warnf(format string, a ...any)  { l.write(slog.LevelDebug, format, a...) }
func (l pionLog) Error(m string)                 { l.write(slog.LevelInfo, "%s", m) }
func (l pionLog) Errorf(format string, a ...any) { l.write(slog.LevelInfo, format, a...) }
