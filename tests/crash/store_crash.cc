// Kills a storing process at a random moment, opens the store again and compares it with what the process had
// been promised; over and over, on one store.
//
//     store_crash [--rounds N] [--seed S] [--committers N] [--dir DIRECTORY]
//
// Each part is a process of its own: this one opens no store, so nothing of an engine lives on from one round
// to the next. The ledger is shared memory that outlives them all. Prints a summary; fails if a round found a
// fault, and then leaves the store for a look.
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <new>
#include <string>
#include <thread>
#include <vector>

#include "base/check.h"
#include "base/clock.h"
#include "base/random.h"
#include "net/loop.h"
#include "net/scope.h"
#include "store/embedded.h"
#include "support/scratch_directory.h"
#include "workload.h"

namespace pabal::store {
namespace {

// What the processes share.
struct Shared {
  Ledger ledger;
  std::atomic<std::uint64_t> beyond_ledger{0};
  std::atomic<std::uint64_t> keys{0};
  std::atomic<std::uint64_t> blobs{0};
  std::atomic<std::uint64_t> faults{0};
  std::atomic<std::uint64_t> sweeps{0};
};

constexpr int kSharedDescriptor = 10;  // in the children
constexpr int kAckDescriptor = 11;

Shared& map_shared(int descriptor) {
  void* memory = ::mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
  PABAL_CHECK(memory != MAP_FAILED);
  return *static_cast<Shared*>(memory);
}

// Small buffers, so that tables are written and merged all the time and kills fall into that too.
EmbeddedOptions options_for(const std::string& directory) {
  EmbeddedOptions options;
  options.directory = directory;
  options.cache_bytes = 4 * 1024 * 1024;
  options.write_buffer_bytes = 256 * 1024;
  options.segment_bytes = 1024 * 1024;
  options.reserve_bytes = 16 * 1024 * 1024;
  options.reader_threads = 2;
  return options;
}

int complain(const std::string& what) {
  std::fprintf(stderr, "store_crash: %s\n", what.c_str());
  return 1;
}

// ---- The process that is killed

net::Task<void> commit_for_ever(Engine& engine, Shared& shared, std::size_t committer) {
  const std::uint64_t before = shared.ledger.of[committer].acknowledged;
  std::uint64_t told = before;
  const auto result = co_await take_steps(engine, shared.ledger, committer, [&shared, &told, committer] {
    // One byte an acknowledgement: the parent counts them and picks its moment.
    for (; told < shared.ledger.of[committer].acknowledged; ++told)
      PABAL_CHECK(::write(kAckDescriptor, "a", 1) == 1);
    return true;
  });
  if (!result) {
    ++shared.faults;
    complain("a commit failed: " + result.error().detail);
  }
}

net::Task<void> sweep_for_ever(Engine& engine, Shared& shared) {
  for (;;) {
    const auto report = co_await engine.sweep();
    if (!report) {
      ++shared.faults;
      complain("a sweep failed: " + report.error().detail);
      co_return;
    }
    ++shared.sweeps;
    const net::Context context = co_await net::current_context();
    if (!co_await net::sleep_until(context.loop->in(std::chrono::milliseconds(3)))) co_return;
  }
}

net::Task<void> serve(Engine& engine, Shared& shared, std::size_t first, std::size_t step) {
  const net::Context context = co_await net::current_context();
  net::Scope scope(*context.loop);
  if (first == 0) scope.spawn(sweep_for_ever(engine, shared));
  for (std::size_t i = first; i < shared.ledger.committers; i += step)
    scope.spawn(commit_for_ever(engine, shared, i));
  co_await scope.join();
}

int be_killed(const std::string& directory) {
  Shared& shared = map_shared(kSharedDescriptor);
  auto engine = open_embedded(options_for(directory));
  if (!engine) {
    ++shared.faults;
    return complain("opening to commit: " + engine.error().detail);
  }
  const SystemClock clock;
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < 2; ++i) {
    threads.emplace_back([&, i] {
      net::Loop loop(clock);
      loop.run_until_done(serve(**engine, shared, i, 2));
    });
  }
  for (std::thread& thread : threads) thread.join();
  return 1;  // only a failure comes here
}

// ---- The process that looks

int check(const std::string& directory) {
  Shared& shared = map_shared(kSharedDescriptor);
  const auto fault = [&shared](const std::string& what) {
    ++shared.faults;
    complain(what);
  };
  // As the crash left it, before anybody opens and repairs it.
  if (std::filesystem::exists(directory + "/FORMAT")) {
    const auto verified = verify_embedded(directory);
    if (!verified) {
      fault("verifying: " + verified.error().detail);
    } else {
      for (const std::string& each : verified->faults) fault("verifying: " + each);
    }
  }
  auto engine = open_embedded(options_for(directory));
  if (!engine) {
    fault("opening: " + engine.error().detail);
    return 1;
  }
  const SystemClock clock;
  net::Loop loop(clock);
  const CheckReport report = loop.run_until_done(check_against(shared.ledger, **engine));
  for (const std::string& each : report.faults) fault(each);
  shared.beyond_ledger += report.beyond_ledger;
  shared.keys = report.keys;
  shared.blobs = report.live_blobs.size();
  return report.faults.empty() ? 0 : 1;
}

// ---- The process that kills

class Killer {
 public:
  Killer(std::uint64_t seed, std::size_t committers, std::string directory)
      : random_(seed), directory_(std::move(directory)) {
    descriptor_ = ::memfd_create("ledger", 0);
    PABAL_CHECK(descriptor_ >= 0 && ::ftruncate(descriptor_, sizeof(Shared)) == 0);
    shared_ = new (&map_shared(descriptor_)) Shared;
    shared_->ledger.seed = seed;
    shared_->ledger.committers = committers;
  }

  /// False when the round found a fault.
  bool round() {
    const std::uint64_t before = shared_->faults;
    commit_and_kill();
    run_check();
    return shared_->faults == before;
  }

  const Shared& shared() const { return *shared_; }
  std::uint64_t acknowledged = 0;
  std::uint64_t killed_before_any = 0;

 private:
  pid_t start(const char* part, int ack_descriptor);
  void commit_and_kill();
  void run_check();

  SeededRandom random_;
  const std::string directory_;
  int descriptor_ = -1;
  Shared* shared_ = nullptr;
};

pid_t Killer::start(const char* part, int ack_descriptor) {
  const pid_t child = ::fork();
  PABAL_CHECK(child >= 0);
  if (child > 0) return child;
  ::dup2(descriptor_, kSharedDescriptor);
  if (ack_descriptor >= 0) ::dup2(ack_descriptor, kAckDescriptor);
  ::execl("/proc/self/exe", "store_crash", part, directory_.c_str(), nullptr);
  ::_exit(127);
}

void Killer::commit_and_kill() {
  int pipe[2];
  PABAL_CHECK(::pipe2(pipe, O_CLOEXEC) == 0);
  const pid_t child = start("--be-killed", pipe[1]);
  ::close(pipe[1]);

  // A third of the kills come while the store opens and replays, the others after some acknowledgements.
  const bool early = random_.below(3) == 0;
  const std::uint64_t wanted = early ? 0 : 1 + random_.below(random_.below(4) == 0 ? 3000 : 300);
  std::uint64_t heard = 0;
  std::array<char, 4096> bytes;
  while (heard < wanted) {
    const ssize_t got = ::read(pipe[0], bytes.data(), std::min<std::size_t>(bytes.size(), wanted - heard));
    if (got <= 0) break;  // it ended by itself: the ledger has the fault
    heard += static_cast<std::uint64_t>(got);
  }
  const timespec moment{0, static_cast<long>(random_.below(early ? 60'000'000 : 2'000'000))};
  ::ppoll(nullptr, 0, &moment, nullptr);
  ::kill(child, SIGKILL);
  int status = 0;
  PABAL_CHECK(::waitpid(child, &status, 0) == child);
  if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL) {
    ++shared_->faults;
    complain("the committing process ended by itself");
  }
  ssize_t rest = 0;
  while ((rest = ::read(pipe[0], bytes.data(), bytes.size())) > 0) heard += static_cast<std::uint64_t>(rest);
  ::close(pipe[0]);
  if (heard == 0) ++killed_before_any;
  acknowledged += heard;
}

void Killer::run_check() {
  const pid_t child = start("--check", -1);
  int status = 0;
  PABAL_CHECK(::waitpid(child, &status, 0) == child);
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    ++shared_->faults;
    complain(fmt::format("the check failed (status {:#x})", status));
  }
}

int run(std::uint64_t rounds, std::uint64_t seed, std::size_t committers, const std::string& directory) {
  Killer killer(seed, committers, directory);
  std::uint64_t round = 0;
  bool good = true;
  while (good && round < rounds) {
    good = killer.round();
    ++round;
  }
  const Shared& shared = killer.shared();
  std::printf(
      "%llu rounds (seed %llu), %llu commits acknowledged, %llu found whole beyond the ledger, %llu sweeps,\n"
      "%llu kills before any acknowledgement, at the end %llu keys and %llu blobs; %llu faults\n",
      static_cast<unsigned long long>(round), static_cast<unsigned long long>(seed),
      static_cast<unsigned long long>(killer.acknowledged),
      static_cast<unsigned long long>(shared.beyond_ledger), static_cast<unsigned long long>(shared.sweeps),
      static_cast<unsigned long long>(killer.killed_before_any), static_cast<unsigned long long>(shared.keys),
      static_cast<unsigned long long>(shared.blobs), static_cast<unsigned long long>(shared.faults));
  if (good) return 0;
  return complain(fmt::format("round {} found a fault", round));
}

}  // namespace

int main_of_store_crash(const std::vector<std::string>& arguments) {
  if (arguments.size() == 2 && arguments[0] == "--be-killed") return be_killed(arguments[1]);
  if (arguments.size() == 2 && arguments[0] == "--check") return check(arguments[1]);
  std::uint64_t rounds = 60;
  std::uint64_t seed = 20260101;
  std::size_t committers = 16;
  std::string directory;
  for (std::size_t i = 0; i + 1 < arguments.size(); i += 2) {
    const std::string& value = arguments[i + 1];
    if (arguments[i] == "--rounds") {
      rounds = std::strtoull(value.c_str(), nullptr, 10);
    } else if (arguments[i] == "--seed") {
      seed = std::strtoull(value.c_str(), nullptr, 10);
    } else if (arguments[i] == "--committers") {
      committers = std::clamp<std::size_t>(std::strtoull(value.c_str(), nullptr, 10), 1, kMaxCommitters);
    } else if (arguments[i] == "--dir") {
      directory = value;
    } else {
      return complain("unknown option " + arguments[i]);
    }
  }
  if (arguments.size() % 2 != 0)
    return complain("usage: store_crash [--rounds N] [--seed S] [--committers N] [--dir D]");
  if (!directory.empty()) return run(rounds, seed, committers, directory);
  const ScratchDirectory scratch("store-crash");
  const int status = run(rounds, seed, committers, scratch.path() + "/store");
  if (status == 0) return 0;
  const std::string kept = scratch.path() + ".faulty";
  std::filesystem::rename(scratch.path(), kept);
  return complain("the store is left in " + kept);
}

}  // namespace pabal::store

int main(int argc, char** argv) { return pabal::store::main_of_store_crash({argv + 1, argv + argc}); }
