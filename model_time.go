package ingot

import (
	"database/sql/driver"
	"fmt"
	"time"
)

// A time is an instant, kept in UTC with microseconds, which is what all databases can
// hold. Where a server has no type for it, it is text in [timeText], which sorts as the
// instants do.

const timeText = "2006-01-02 15:04:05.999999"

// timeCodec moves time.Time and types that are one.
func timeCodec() *codec {
	return &codec{
		load: func(p addr, src any) error {
			t, err := toTime(src)
			if err == nil {
				*ref[time.Time](p) = t
			}
			return err
		},
		value: func(p addr, e *encoding) (driver.Value, error) {
			return timeValue(*ref[time.Time](p), e)
		},
		equal:  func(a, b addr) bool { return ref[time.Time](a).UnixMicro() == ref[time.Time](b).UnixMicro() },
		copy:   func(dst, src addr) { *ref[time.Time](dst) = *ref[time.Time](src) },
		zero:   func(p addr) bool { return ref[time.Time](p).IsZero() },
		settle: func(p addr) { *ref[time.Time](p) = settleTime(*ref[time.Time](p)) },
		class:  classTime, word: "timestamp", scan: ScanTime,
	}
}

// timeValue is the time as a server takes it.
func timeValue(t time.Time, e *encoding) (driver.Value, error) {
	t = settleTime(t)
	if e == nil || e.timeText == "" {
		return t, nil
	}
	if y := t.Year(); y < 0 || y > 9999 {
		return nil, fmt.Errorf("year %d does not fit a database", y)
	}
	if e.timeText == timeText {
		return string(appendTime(make([]byte, 0, len(timeText)), t)), nil
	}
	return t.Format(e.timeText), nil
}

// settleTime is the time as a database gives it back.
func settleTime(t time.Time) time.Time { return t.Truncate(time.Microsecond).UTC() }

func toTime(src any) (time.Time, error) {
	switch v := src.(type) {
	case time.Time:
		return settleTime(v), nil
	case string:
		if t, ok := parseTime(v); ok {
			return t, nil
		}
	case []byte:
		if t, ok := parseTime(string(v)); ok {
			return t, nil
		}
	}
	return time.Time{}, wrongType(src, "time")
}

// appendTime writes a time of UTC in the layout timeText, years 0 to 9999.
func appendTime(b []byte, t time.Time) []byte {
	year, month, day := t.Date()
	hour, min, sec := t.Clock()
	b = append(b, byte('0'+year/1000), byte('0'+year/100%10))
	b = append2(b, year%100)
	b = append2(append(b, '-'), int(month))
	b = append2(append(b, '-'), day)
	b = append2(append(b, ' '), hour)
	b = append2(append(b, ':'), min)
	b = append2(append(b, ':'), sec)
	if micro := t.Nanosecond() / 1000; micro > 0 {
		b = append(b, '.')
		for unit := 100_000; micro > 0; unit /= 10 {
			b = append(b, byte('0'+micro/unit))
			micro %= unit
		}
	}
	return b
}

// append2 writes two digits.
func append2(b []byte, n int) []byte { return append(b, byte('0'+n/10), byte('0'+n%10)) }

// parseTime reads the text of a time. What has no zone is UTC.
func parseTime(s string) (time.Time, bool) {
	if t, ok := parsePlainTime(s); ok {
		return t, true
	}
	for _, layout := range []string{
		time.RFC3339Nano,
		"2006-01-02 15:04:05.999999999Z07:00",
		"2006-01-02 15:04:05.999999999Z07",
		"2006-01-02T15:04:05.999999999Z07",
		"2006-01-02 15:04:05.999999999 Z07:00",
		"2006-01-02 15:04:05.999999999 -0700 MST",
		"2006-01-02 15:04:05.999999999 -0700",
		"2006-01-02 15:04",
		"2006-01-02T15:04",
	} {
		if t, err := time.Parse(layout, s); err == nil {
			return settleTime(t), true
		}
	}
	// The string form of a time that was taken from a clock ends with its reading of the
	// monotonic clock.
	for i := len(s) - 1; i > 2; i-- {
		if s[i] == '=' && s[i-1] == 'm' && s[i-2] == ' ' {
			return parseTime(s[:i-2])
		}
	}
	return time.Time{}, false
}

// parsePlainTime reads date, time and fraction without a zone, "T" or a space between
// them: what is written here, and what most servers send.
func parsePlainTime(s string) (t time.Time, ok bool) {
	var year2, month, day, hour, min, sec int
	n := len(s)
	if n != 10 && n < 19 {
		return t, false
	}
	century, ok1 := digits2(s, 0)
	year2, ok2 := digits2(s, 2)
	month, ok3 := digits2(s, 5)
	day, ok4 := digits2(s, 8)
	if !(ok1 && ok2 && ok3 && ok4) || s[4] != '-' || s[7] != '-' {
		return t, false
	}
	nanos := 0
	if n >= 19 {
		hour, ok1 = digits2(s, 11)
		min, ok2 = digits2(s, 14)
		sec, ok3 = digits2(s, 17)
		if !(ok1 && ok2 && ok3) || s[10] != ' ' && s[10] != 'T' || s[13] != ':' || s[16] != ':' {
			return t, false
		}
		if n > 19 {
			if s[19] != '.' || n == 20 || n > 29 {
				return t, false
			}
			unit := 100_000_000
			for i := 20; i < n; i++ {
				d := s[i] - '0'
				if d > 9 {
					return t, false
				}
				nanos += int(d) * unit
				unit /= 10
			}
		}
	}
	year := century*100 + year2
	if month < 1 || month > 12 || day < 1 || day > daysIn(year, month) || hour > 23 || min > 59 || sec > 59 {
		return t, false
	}
	seconds := ((daysSince1970(year, month, day)*24+int64(hour))*60+int64(min))*60 + int64(sec)
	return time.Unix(seconds, int64(nanos/1000*1000)).UTC(), true
}

// daysIn is the length of a month.
func daysIn(year, month int) int {
	switch month {
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}

// daysSince1970 counts days in the Gregorian calendar. Years begin with March, so that the
// leap day is the last of its year, and repeat every 400 (Howard Hinnant,
// "chrono-Compatible Low-Level Date Algorithms", days_from_civil).
func daysSince1970(year, month, day int) int64 {
	if month <= 2 {
		year--
		month += 12
	}
	era := year / 400
	if year < 0 {
		era = -1 // the two months before March of year 0
	}
	yearOfEra := year - era*400
	dayOfYear := (153*(month-3)+2)/5 + day - 1
	return int64(era*146097 + yearOfEra*365 + yearOfEra/4 - yearOfEra/100 + dayOfYear - 719468)
}

// digits2 reads two digits.
func digits2(s string, i int) (n int, ok bool) {
	a, b := s[i]-'0', s[i+1]-'0'
	return int(a)*10 + int(b), a <= 9 && b <= 9
}
