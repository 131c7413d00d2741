#include "base/log.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/ascii.h"
#include "base/log_writer.h"
#include "base/secret.h"
#include "base/strong.h"

namespace pabal {
namespace {
/// Counts how often it is formatted.
struct Costly {
  int* formatted;
};
}  // namespace
}  // namespace pabal

template <>
struct fmt::formatter<pabal::Costly> : fmt::formatter<int> {
  template <class FormatContext>
  auto format(const pabal::Costly& costly, FormatContext& context) const {
    return fmt::formatter<int>::format(++*costly.formatted, context);
  }
};

namespace pabal {
namespace {

using testing::HasSubstr;
using testing::Not;
using SessionId = Strong<struct SessionIdTag, std::uint64_t>;

// A credential can't be logged: there is no way to make a value or a text of it.
static_assert(!std::is_constructible_v<LogValue, const Secret&>);
static_assert(!fmt::is_formattable<Secret>::value);
static_assert(!std::is_convertible_v<const Secret&, std::string_view>);

std::string value_text(LogFormat format, const LogValue& value) {
  std::string out;
  append_log_fields(out, format, {{"k", value}});
  return out.substr(format == LogFormat::kText ? 3 : 5);
}

struct Fixture {
  explicit Fixture(LogWriterOptions options = {}) : writer(options, memory.make_sink(), clock) {}

  std::string text() {
    EXPECT_TRUE(writer.flush());
    return memory.text();
  }

  ManualClock clock;
  MemoryLog memory;
  LogWriter writer;
  Logger log{writer};
};

TEST(Log, WritesTimeLevelMessageAndFields) {
  Fixture fixture;
  fixture.clock.advance(std::chrono::hours(24 * 31 + 1) + std::chrono::microseconds(42));
  const std::string peer = "192.0.2.1";
  fixture.log.info("connection accepted", {{"peer", peer}, {"port", 25}, {"tls", false}});
  EXPECT_EQ(fixture.text(),
            "2026-02-01T01:00:00.000042Z info connection accepted peer=192.0.2.1 port=25 tls=false\n");
}

TEST(Log, WritesOneJsonObjectALine) {
  Fixture fixture({.format = LogFormat::kJson});
  const Logger session = fixture.log.with({{"session", SessionId(7)}});
  session.warn("slow", {{"took", std::chrono::milliseconds(1500)}, {"big", UINT64_MAX}, {"who", "a \"b\""}});
  EXPECT_EQ(fixture.text(),
            R"({"time":"2026-01-01T00:00:00.000000Z","level":"warning","message":"slow","session":"7",)"
            R"("took":1.5,"big":18446744073709551615,"who":"a \"b\""})"
            "\n");
}

TEST(Log, FieldsAreInherited) {
  Fixture fixture;
  const Logger session = fixture.log.with({{"protocol", "smtp"}});
  const Logger transaction = session.with({{"queue_id", SessionId(9)}});
  transaction.info("accepted", {{"size", 10}});
  session.info("closed");
  EXPECT_EQ(fixture.text(),
            "2026-01-01T00:00:00.000000Z info accepted protocol=smtp queue_id=9 size=10\n"
            "2026-01-01T00:00:00.000000Z info closed protocol=smtp\n");
}

TEST(Log, FormatsEveryKindOfValue) {
  const Error error{ErrorKind::kRefuse, "no such user"};
  const char letter = 'x';
  struct Case {
    LogValue value;
    std::string_view text, json;
  };
  for (const Case& c : {
           Case{true, "true", "true"},
           Case{-3, "-3", "-3"},
           Case{letter, "x", "\"x\""},
           Case{std::uint8_t{200}, "200", "200"},
           Case{INT64_MIN, "-9223372036854775808", "-9223372036854775808"},
           Case{0.25, "0.25", "0.25"},
           Case{std::numeric_limits<double>::infinity(), "inf", "null"},
           Case{std::chrono::microseconds(250), "0.00025s", "0.00025"},
           Case{"text", "text", "\"text\""},
           Case{std::string_view("two words"), "\"two words\"", "\"two words\""},
           Case{"", "\"\"", "\"\""},
           Case{error, "\"no such user (refuse)\"", "\"no such user (refuse)\""},
       }) {
    EXPECT_EQ(value_text(LogFormat::kText, c.value), c.text);
    EXPECT_EQ(value_text(LogFormat::kJson, c.value), c.json);
  }
}

TEST(Log, NoValueForgesALineOrAField) {
  struct Case {
    std::string_view name, input, text, json;
  };
  for (const Case& c : {
           Case{"line ends", "a\r\nb", R"("a\r\nb")", R"("a\r\nb")"},
           Case{"a field", "a level=fatal", R"("a level=fatal")", R"("a level=fatal")"},
           Case{"an equals sign", "a=b", R"("a=b")", R"("a=b")"},
           Case{"a quote", "a\" x=\"b", R"("a\" x=\"b")", R"("a\" x=\"b")"},
           Case{"a backslash", "a\\", R"("a\\")", R"("a\\")"},
           Case{"escape", "\x1b[2J", R"("\u001b[2J")", R"("\u001b[2J")"},
           Case{"NUL", std::string_view("\0", 1), R"("\u0000")", R"("\u0000")"},
           Case{"DEL", "\x7f", R"("\u007f")", R"("\u007f")"},
           Case{"the CSI of C1", "\u009b2J", R"("\u009b2J")", R"("\u009b2J")"},
           Case{"a raw byte", "caf\xe9", R"("caf\xe9")", "\"caf\ufffd\""},
           Case{"a cut character", "\xed\x95", R"("\xed\x95")", "\"\ufffd\""},
           Case{"line separator", "a\u2028b", R"("a\u2028b")", R"("a\u2028b")"},
           Case{"turned text", "\u202egnp", R"("\u202egnp")", R"("\u202egnp")"},
           Case{"Hangul stays", "\ud55c\uad6d", "\"\ud55c\uad6d\"", "\"\ud55c\uad6d\""},
       }) {
    EXPECT_EQ(value_text(LogFormat::kText, c.input), c.text) << c.name;
    EXPECT_EQ(value_text(LogFormat::kJson, c.input), c.json) << c.name;
  }
}

TEST(Log, EveryByteYieldsOneLineOfVisibleText) {
  for (int first = 0; first < 256; ++first) {
    for (const std::string_view tail : {"", "\x80", "\n", "\""}) {
      const std::string input = static_cast<char>(first) + std::string(tail);
      for (const LogFormat format : {LogFormat::kText, LogFormat::kJson}) {
        const std::string line =
            render_log_line(format, WallTime{}, LogLevel::kInfo, "m", {}, {{"k", input}});
        EXPECT_EQ(std::ranges::count(line, '\n'), 1) << first;
        EXPECT_TRUE(std::ranges::none_of(line.substr(0, line.size() - 1), [](char c) {
          return is_control(c);
        })) << first;
      }
    }
  }
}

TEST(Log, LongValuesAreCutAndSaySo) {
  const std::string long_value(kMaxLogValueBytes + 10, 'x');
  EXPECT_EQ(value_text(LogFormat::kText, long_value),
            fmt::format("\"{}... (10 bytes more)\"", long_value.substr(0, kMaxLogValueBytes)));
  EXPECT_EQ(value_text(LogFormat::kText, long_value.substr(10)), long_value.substr(10));
}

TEST(Log, BelowItsLevelNothingIsFormatted) {
  Fixture fixture({.level = LogLevel::kWarning});
  EXPECT_FALSE(fixture.log.enabled(LogLevel::kInfo));
  int formatted = 0;
  const Costly costly{&formatted};
  fixture.log.info("unseen", {{"costly", costly}});
  EXPECT_EQ(formatted, 0);
  fixture.writer.set_level(LogLevel::kDebug);
  fixture.log.debug("seen", {{"costly", costly}});
  EXPECT_EQ(fixture.text(), "2026-01-01T00:00:00.000000Z debug seen costly=1\n");
  Logger().error("a logger without a writer discards");
}

TEST(Log, LevelsHaveNames) {
  for (const LogLevel level :
       {LogLevel::kDebug, LogLevel::kInfo, LogLevel::kWarning, LogLevel::kError, LogLevel::kFatal}) {
    EXPECT_EQ(parse_log_level(to_string(level)), level);
  }
  EXPECT_EQ(parse_log_level("INFO"), std::nullopt);
}

/// A disk that stands still until the test lets it go.
class StuckSink final : public LogSink {
 public:
  struct State {
    std::mutex mutex;
    std::condition_variable changed;
    bool stuck = true;
    bool entered = false;
    bool broken = false;
    std::string text;

    void wait_until_entered() {
      std::unique_lock lock(mutex);
      changed.wait(lock, [this] { return entered; });
    }
    void release() {
      const std::lock_guard lock(mutex);
      stuck = false;
      changed.notify_all();
    }
  };
  explicit StuckSink(State& state) : state_(state) {}

  Result<void> write(std::string_view& lines) override {
    std::unique_lock lock(state_.mutex);
    state_.entered = true;
    state_.changed.notify_all();
    state_.changed.wait(lock, [this] { return !state_.stuck; });
    const std::size_t size = state_.broken ? std::min<std::size_t>(lines.size(), 10) : lines.size();
    state_.text.append(lines.substr(0, size));
    lines.remove_prefix(size);
    if (state_.broken) return fail(ErrorKind::kRetryLater, "disk full");
    return {};
  }

 private:
  State& state_;
};

TEST(LogWriter, AFullQueueDropsAndCountsAndHoldsNobodyUp) {
  ManualClock clock;
  StuckSink::State disk;
  LogWriter writer({.max_queued_bytes = 200}, std::make_unique<StuckSink>(disk), clock);
  const Logger log(writer);
  log.info("first");
  disk.wait_until_entered();
  for (int i = 0; i < 100; ++i) log.info("burst", {{"i", i}});
  const LogCounts counts = writer.counts();
  EXPECT_GT(counts.dropped_lines, 90u);
  EXPECT_EQ(counts.lines_by_level[static_cast<std::size_t>(LogLevel::kInfo)], 101 - counts.dropped_lines);
  disk.release();
  EXPECT_TRUE(writer.flush());
  EXPECT_THAT(disk.text, HasSubstr("burst i=0\n"));
  EXPECT_THAT(disk.text, Not(HasSubstr("burst i=99\n")));
  EXPECT_THAT(disk.text,
              HasSubstr(fmt::format("warning log lines were dropped: they came faster than they could "
                                    "be written dropped={}\n",
                                    counts.dropped_lines)));
}

TEST(LogWriter, AFailingSinkLosesLinesButNeverJoinsTwo) {
  ManualClock clock;
  StuckSink::State disk;
  disk.stuck = false;
  disk.broken = true;
  LogWriter writer({}, std::make_unique<StuckSink>(disk), clock);
  const Logger log(writer);
  testing::internal::CaptureStderr();
  log.info("lost");
  EXPECT_TRUE(writer.flush());
  EXPECT_THAT(testing::internal::GetCapturedStderr(), HasSubstr("disk full"));
  EXPECT_EQ(writer.counts().dropped_lines, 1u);
  {
    const std::lock_guard lock(disk.mutex);
    disk.broken = false;
  }
  log.info("found");
  EXPECT_TRUE(writer.flush());
  EXPECT_THAT(disk.text, HasSubstr("\n2026-01-01T00:00:00.000000Z info found\n"));
  EXPECT_THAT(disk.text, HasSubstr("dropped=1\n"));
}

TEST(LogWriter, ManyThreadsLogAndNoLineIsLostOrMixed) {
  constexpr int kThreads = 4;
  constexpr int kLines = 500;
  MemoryLog memory;
  ManualClock clock;
  {
    LogWriter writer({}, memory.make_sink(), clock);
    std::vector<std::thread> threads;
    for (int thread = 0; thread < kThreads; ++thread) {
      threads.emplace_back([log = Logger(writer).with({{"thread", thread}})] {
        for (int i = 0; i < kLines; ++i) log.info("line", {{"i", i}});
      });
    }
    for (std::thread& thread : threads) thread.join();
  }  // the end writes what is queued
  std::istringstream lines(memory.text());
  std::vector<int> next(kThreads);
  for (std::string line; std::getline(lines, line);) {
    int thread = 0, i = 0;
    ASSERT_EQ(std::sscanf(line.c_str(), "%*s info line thread=%d i=%d", &thread, &i), 2) << line;
    EXPECT_EQ(next.at(static_cast<std::size_t>(thread))++, i);
  }
  EXPECT_EQ(next, std::vector<int>(kThreads, kLines));
}

std::string content_of(const std::filesystem::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

struct TemporaryDirectory {
  TemporaryDirectory() {
    std::string pattern = (std::filesystem::temp_directory_path() / "pabal-log-XXXXXX").string();
    path = ::mkdtemp(pattern.data());
  }
  ~TemporaryDirectory() { std::filesystem::remove_all(path); }
  std::filesystem::path path;
};

TEST(LogWriter, ReopensItsFileAfterItWasMovedAway) {
  const TemporaryDirectory directory;
  const auto path = directory.path / "pabal.log";
  auto sink = make_file_log_sink(path);
  ASSERT_TRUE(sink);
  ManualClock clock;
  LogWriter writer({}, *std::move(sink), clock);
  const Logger log(writer);
  log.info("one");
  EXPECT_TRUE(writer.flush());
  std::filesystem::rename(path, directory.path / "pabal.log.1");
  log.info("two");
  writer.reopen();
  EXPECT_TRUE(writer.flush());
  log.fatal("three");
  EXPECT_THAT(content_of(directory.path / "pabal.log.1"), testing::EndsWith("info two\n"));
  EXPECT_THAT(content_of(path), testing::EndsWith("fatal three\n"));
  EXPECT_THAT(content_of(path), Not(HasSubstr("two")));
}

TEST(LogWriter, GoesOnWithTheOldFileWhenTheNewOneCannotBeOpened) {
  const TemporaryDirectory directory;
  const auto inner = directory.path / "logs";
  std::filesystem::create_directory(inner);
  auto sink = make_file_log_sink(inner / "pabal.log");
  ASSERT_TRUE(sink);
  ManualClock clock;
  LogWriter writer({}, *std::move(sink), clock);
  std::filesystem::rename(inner, directory.path / "moved");
  writer.reopen();
  Logger(writer).info("still here");
  EXPECT_TRUE(writer.flush());
  const std::string text = content_of(directory.path / "moved" / "pabal.log");
  EXPECT_THAT(text, HasSubstr("error the log file can't be opened anew"));
  EXPECT_THAT(text, HasSubstr("info still here"));
}

TEST(LogWriter, AFileThatCannotBeOpenedIsRefusedInWords) {
  const auto sink = make_file_log_sink("/nonexistent/pabal.log");
  ASSERT_FALSE(sink);
  EXPECT_EQ(sink.error().detail,
            "cannot open the log file /nonexistent/pabal.log: No such file or directory");
}

TEST(LogWriter, APipeThatNobodyReadsIsRefusedAtOnce) {
  const TemporaryDirectory directory;
  const std::string path = directory.path / "pipe";
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  EXPECT_FALSE(make_file_log_sink(path));
}

TEST(LogWriter, AFullDiskLosesLinesAndCountsThem) {
  auto sink = make_file_log_sink("/dev/full");
  ASSERT_TRUE(sink);
  const ManualClock clock;
  LogWriter writer({}, *std::move(sink), clock);
  testing::internal::CaptureStderr();
  Logger(writer).info("lost");
  EXPECT_TRUE(writer.flush());
  EXPECT_THAT(testing::internal::GetCapturedStderr(), HasSubstr("No space left on device"));
  EXPECT_EQ(writer.counts().dropped_lines, 1u);
}

TEST(Secret, HoldsAndWipes) {
  std::string source = "correct horse battery staple";
  const char* where = source.data();
  const Secret secret = Secret::taken_from(source);
  EXPECT_TRUE(source.empty());
  EXPECT_EQ(*where, '\0');
  EXPECT_EQ(secret.reveal(), "correct horse battery staple");
  EXPECT_TRUE(secret.equals("correct horse battery staple"));
  EXPECT_FALSE(secret.equals("correct horse"));
  EXPECT_EQ(secret.copy(), secret);
  Secret moved = secret.copy();
  const Secret target = std::move(moved);
  EXPECT_EQ(target, secret);
  EXPECT_TRUE(Secret().empty());
  EXPECT_TRUE(Secret("").equals(""));
}

}  // namespace
}  // namespace pabal
