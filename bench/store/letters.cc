// A store full of letters: filling it, opening it after a kill and after a clean end, reading it.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <random>

#include "base/clock.h"
#include "bench.h"
#include "net/loop.h"
#include "net/scope.h"

namespace pabal::bench {
namespace {

constexpr std::size_t kLetterBytes = 4096;
constexpr std::uint64_t kAccounts = 100;
constexpr std::size_t kCommittersPerLoop = 64;
const store::PartitionId kSmall("small values");

net::Task<void> fill_some(store::Engine& engine, std::atomic<std::uint64_t>& next, std::uint64_t letters) {
  for (;;) {
    const std::uint64_t letter = next++;
    if (letter >= letters) co_return;
    must(co_await deliver(engine, letter % kAccounts, letter, kLetterBytes), "filling");
  }
}

net::Task<void> fill_on_loop(store::Engine& engine, std::atomic<std::uint64_t>& next, std::uint64_t letters) {
  net::Scope scope(*(co_await net::current_context()).loop);
  for (std::size_t i = 0; i < kCommittersPerLoop; ++i) scope.spawn(fill_some(engine, next, letters));
  co_await scope.join();
}

std::string small_key(std::uint64_t number) { return fmt::format("key/{:010}", number); }

net::Task<void> fill_small_values(store::Engine& engine, std::uint64_t count) {
  for (std::uint64_t at = 0; at < count;) {
    store::Batch batch(kSmall);
    for (int i = 0; i < 1000 && at < count; ++i, ++at) batch.put(small_key(at), letter_bytes(100, at));
    must(co_await engine.commit(std::move(batch)), "filling");
  }
}

// Reads, each on one loop as one session would.

net::Task<std::uint64_t> scan_all(store::Engine& engine) {
  std::uint64_t keys = 0;
  std::optional<store::KeyRange> rest = store::KeyRange{};
  while (rest) {
    const auto page = must(co_await engine.scan(kSmall, *rest, {}), "scanning");
    keys += page.size();
    rest = page.next();
  }
  co_return keys;
}

net::Task<std::uint64_t> get_at_random(store::Engine& engine, std::uint64_t keys, double seconds) {
  std::mt19937_64 dice(1);
  std::uint64_t gets = 0;
  for (const double until = seconds_now() + seconds; seconds_now() < until;) {
    for (int i = 0; i < 100; ++i, ++gets)
      must(co_await engine.get_one(kSmall, small_key(dice() % keys)), "getting");
  }
  co_return gets;
}

net::Task<void> read_letters(store::Engine& engine, const std::vector<store::BlobId>& letters) {
  for (const store::BlobId& letter : letters) {
    const std::string bytes = must(co_await engine.read_blob(letter, 0, kLetterBytes), "reading");
    if (bytes.size() != kLetterBytes) give_up("reading", {ErrorKind::kCorrupt, "a letter came back short"});
  }
}

void measure_reading(const Options& options, Report& report, store::Engine& engine) {
  const SystemClock clock;
  net::Loop loop(clock);
  const std::uint64_t in_a_row = std::min<std::uint64_t>(10'000, options.letters);

  for (const char* pass : {"first pass", "second pass, from cache"}) {
    const double start = seconds_now();
    const std::uint64_t keys = loop.run_until_done(scan_all(engine));
    report.add("scan", fmt::format("100-byte values, {}", pass),
               static_cast<double>(keys) / (seconds_now() - start), "keys/s");
  }
  const std::uint64_t gets = loop.run_until_done(get_at_random(engine, options.letters, options.seconds));
  report.add("get", "random, 100-byte values", static_cast<double>(gets) / options.seconds, "gets/s");

  std::vector<store::BlobId> letters;
  for (std::uint64_t i = 0; i < in_a_row; ++i) letters.push_back(letter_id(kLetterBytes, i));
  loop.run_until_done(read_letters(engine, letters));  // into the cache
  const double start = seconds_now();
  std::uint64_t read = 0;
  while (read == 0 || seconds_now() < start + options.seconds) {
    loop.run_until_done(read_letters(engine, letters));
    read += letters.size();
  }
  const double rate = static_cast<double>(read) / (seconds_now() - start);
  report.add("read_blob", fmt::format("{} letters in a row, from cache", letters.size()),
             rate * kLetterBytes / 1e6, "MB/s");
  report.add("read_blob", "in a row, each", 1e6 / rate, "us");

  std::mt19937_64 dice(2);
  std::vector<store::BlobId> scattered;
  for (std::uint64_t i = 0; i < std::min<std::uint64_t>(100'000, options.letters); ++i) {
    scattered.push_back(letter_id(kLetterBytes, dice() % options.letters));
  }
  for (const char* pass : {"at random, first pass", "at random, second pass"}) {
    const double began = seconds_now();
    loop.run_until_done(read_letters(engine, scattered));
    report.add("read_blob", pass, static_cast<double>(scattered.size()) / (seconds_now() - began),
               "letters/s");
  }
}

void report_fill(std::FILE* from, Report& report) {
  char what[64];
  char unit[32];
  double value = 0;
  while (std::fscanf(from, " %63[^|]|%lf|%31[^\n]", what, &value, unit) == 3)
    report.add("fill", what, value, unit);
}

}  // namespace

int fill_and_die(const std::string& directory, std::uint64_t letters, std::size_t loops, int descriptor) {
  const auto engine = open_store(directory);
  std::atomic<std::uint64_t> next = 0;
  const double start = seconds_now();
  on_loops(loops, [&](std::size_t) { return fill_on_loop(*engine, next, letters); });
  const double took = seconds_now() - start;
  const double letter_bytes_total = static_cast<double>(letters) * kLetterBytes;
  const double written = static_cast<double>(disk_bytes_written());
  const double resident = static_cast<double>(resident_bytes());
  const store::EmbeddedStats stats = engine->stats();
  const double on_disk = static_cast<double>(disk_usage(directory));
  // Every letter is now acknowledged; the small values for the scans come after what is measured.
  on_loops(1, [&](std::size_t) { return fill_small_values(*engine, letters); });
  ::dprintf(descriptor, "letters of 4 KiB|%f|letters/s\n", static_cast<double>(letters) / took);
  ::dprintf(
      descriptor, "commits a synced write|%f|commits\n",
      static_cast<double>(stats.commits) / static_cast<double>(std::max<std::uint64_t>(1, stats.groups)));
  ::dprintf(descriptor, "written to disk a letter byte|%f|times\n", written / letter_bytes_total);
  ::dprintf(descriptor, "on disk a letter byte|%f|times\n", on_disk / letter_bytes_total);
  ::dprintf(descriptor, "resident memory|%f|MiB\n", resident / (1024 * 1024));
  ::kill(::getpid(), SIGKILL);
  return 1;
}

void measure_letters(const Options& options, Report& report) {
  const std::string directory = options.directory + "/letters";
  int pipe[2];
  if (::pipe(pipe) != 0) give_up("making a pipe", {ErrorKind::kRetryLater, "no descriptors"});
  const std::string arguments[] = {directory, std::to_string(options.letters), std::to_string(options.loops),
                                   std::to_string(pipe[1])};
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(pipe[0]);
    ::execl("/proc/self/exe", "store_bench", "--fill-and-die", arguments[0].c_str(), arguments[1].c_str(),
            arguments[2].c_str(), arguments[3].c_str(), nullptr);
    ::_exit(127);
  }
  ::close(pipe[1]);
  std::FILE* from = ::fdopen(pipe[0], "r");
  report_fill(from, report);
  std::fclose(from);
  int status = 0;
  if (::waitpid(child, &status, 0) != child || !WIFSIGNALED(status)) {
    give_up("filling", {ErrorKind::kRetryLater, "the process that fills ended by itself"});
  }

  double start = seconds_now();
  auto engine = open_store(directory);
  report.add("open", fmt::format("{} letters, after kill -9", options.letters),
             (seconds_now() - start) * 1000, "ms");
  start = seconds_now();
  engine.reset();
  report.add("close", "", (seconds_now() - start) * 1000, "ms");
  start = seconds_now();
  engine = open_store(directory);
  report.add("open", fmt::format("{} letters, clean", options.letters), (seconds_now() - start) * 1000, "ms");
  measure_reading(options, report, *engine);
  report.add("reading", "resident memory", static_cast<double>(resident_bytes()) / (1024 * 1024), "MiB");
  engine.reset();
  std::filesystem::remove_all(directory);
}

}  // namespace pabal::bench
