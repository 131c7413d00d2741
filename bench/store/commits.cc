// Durable commits a second, and how long each one waits.
#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <thread>

#include "base/clock.h"
#include "bench.h"
#include "net/loop.h"
#include "net/scope.h"

namespace pabal::bench {

void give_up(std::string_view doing, const Error& error) {
  fmt::print(stderr, "store_bench: {}: {}: {}\n", doing, to_string(error.kind), error.detail);
  std::exit(1);
}

std::unique_ptr<store::EmbeddedEngine> open_store(const std::string& directory) {
  store::EmbeddedOptions options;
  options.directory = directory;
  return must(store::open_embedded(options), "opening the store");
}

void on_loops(std::size_t loops, const std::function<net::Task<void>(std::size_t)>& make) {
  const SystemClock clock;
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < loops; ++i) {
    threads.emplace_back([&clock, &make, i] {
      net::Loop loop(clock);
      loop.run_until_done(make(i));
    });
  }
  for (std::thread& thread : threads) thread.join();
}

std::string letter_bytes(std::size_t size, std::uint64_t number) {
  std::string bytes(size + 8, '\0');
  for (std::size_t at = 0; at < size; at += 8) {
    number = number * 6364136223846793005ULL + 1442695040888963407ULL;
    std::memcpy(&bytes[at], &number, 8);
  }
  bytes.resize(size);
  return bytes;
}

store::BlobId letter_id(std::size_t size, std::uint64_t number) {
  return store::BlobId::of(letter_bytes(size, number));
}

net::Task<Result<store::Version>> deliver(store::Engine& engine, std::uint64_t account, std::uint64_t number,
                                          std::size_t size) {
  const auto writer = engine.new_blob();
  PABAL_CO_TRY_VOID(co_await writer->write(letter_bytes(size, number)));
  PABAL_CO_TRY(store::StagedBlob staged, co_await writer->finish());
  store::Batch batch(store::PartitionId(fmt::format("account {}", account)));
  const std::string record = fmt::format("letter/{:010}", number);
  batch.put(record, std::string(staged.id.bytes()) + std::string(68, 'r'));
  for (const char* kind : {"log", "thread", "index", "journey"}) {
    batch.put(fmt::format("{}/{:010}", kind, number), std::string(100, 'v'));
  }
  batch.hold(staged.id, record);
  batch.attach(std::move(staged));
  co_return co_await engine.commit(std::move(batch));
}

namespace {

struct Load {
  store::Engine& engine;
  std::size_t committers;
  std::size_t size;
  std::size_t loops;
  double until;
  std::vector<Latencies> latencies;  // one a loop
  std::atomic<std::uint64_t> next_letter{0};
};

net::Task<void> commit_until_time(Load& load, std::uint64_t committer, Latencies& latencies) {
  double now = seconds_now();
  while (now < load.until) {
    const std::uint64_t letter = load.next_letter++;
    must(co_await deliver(load.engine, committer, letter, load.size), "committing");
    const double then = std::exchange(now, seconds_now());
    latencies.add((now - then) * 1000);
  }
}

net::Task<void> commit_on_loop(Load& load, std::size_t loop) {
  net::Scope scope(*(co_await net::current_context()).loop);
  for (std::size_t i = loop; i < load.committers; i += load.loops) {
    scope.spawn(commit_until_time(load, i, load.latencies[loop]));
  }
  co_await scope.join();
}

}  // namespace

void measure_commits(const Options& options, Report& report) {
  for (const std::size_t size : {4096, 65536}) {
    for (const std::size_t committers : {1, 16, 128}) {
      const std::string directory = options.directory + "/commits";
      double rate = 0;
      Latencies latencies;
      {
        const auto engine = open_store(directory);
        const std::size_t loops = std::min(options.loops, committers);
        const double start = seconds_now();
        Load load{*engine, committers, size, loops, start + options.seconds, std::vector<Latencies>(loops)};
        on_loops(loops, [&load](std::size_t loop) { return commit_on_loop(load, loop); });
        const double took = seconds_now() - start;
        for (const Latencies& each : load.latencies) latencies.add_all(each);
        rate = static_cast<double>(latencies.count()) / took;
      }
      std::filesystem::remove_all(directory);
      const std::string what = fmt::format("{} KiB, {} committers", size / 1024, committers);
      report.add("commits", what, rate, "commits/s");
      report.add("commits", what + ", p50", latencies.at(0.50), "ms");
      report.add("commits", what + ", p99", latencies.at(0.99), "ms");
    }
  }
}

void measure_disk(const Options& options, Report& report) {
  const std::string path = options.directory + "/disk";
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0) give_up("opening a file", {ErrorKind::kRetryLater, std::strerror(errno)});
  const std::string page = letter_bytes(4096, 1);
  Latencies latencies;
  const double start = seconds_now();
  double now = start;
  while (now < start + options.seconds) {
    if (::write(file, page.data(), page.size()) != static_cast<ssize_t>(page.size()) ||
        ::fdatasync(file) != 0) {
      give_up("writing", {ErrorKind::kRetryLater, std::strerror(errno)});
    }
    const double then = std::exchange(now, seconds_now());
    latencies.add((now - then) * 1000);
  }
  ::close(file);
  std::filesystem::remove(path);
  report.add("disk", "4 KiB append + fdatasync, 1 thread",
             static_cast<double>(latencies.count()) / (now - start), "syncs/s");
  report.add("disk", "p50", latencies.at(0.50), "ms");
  report.add("disk", "p99", latencies.at(0.99), "ms");
}

}  // namespace pabal::bench
