// Kills the real server at random moments while mail runs through it, starts it again on the same data, over
// and over, and then asks where each letter is.
//
//     smtp_crash [--rounds N] [--seed S] [--clients N] [--program PABAL] [--dir DIRECTORY]
//
// Clients and the hosts that the server relays to live in this process, which is never killed, and so does
// the ledger. A letter that was answered with 250 must lie in each local mailbox once, have been received
// outside by each remote recipient (twice only if a kill hid that it had been), or have come back as a
// report; also one whose answer was lost and which its client sent again. Prints a summary; fails if there
// was a fault, and then leaves the data for a look.

#include <cstdio>
#include <cstdlib>

#include "net/scope.h"
#include "smtp_audit.h"
#include "smtp_client.h"
#include "smtp_sink.h"
#include "support/scratch_directory.h"

namespace pabal::crash {
namespace {

using net::Task;
using std::chrono::milliseconds;

// For what takes a second; a busy machine may need more, a broken server never gets there.
constexpr std::chrono::seconds kPatience{60};
// How often a condition is looked at that rings no bell.
constexpr milliseconds kLook{20};

struct Options {
  std::uint64_t rounds = 30;
  std::uint64_t seed = 20260101;
  std::size_t clients = 12;
  std::filesystem::path program = PABAL_PROGRAM;
  std::filesystem::path directory = {};
};

class Harness {
 public:
  Harness(const Options& options, net::Loop& loop)
      : options_(options), loop_(loop), random_(options.seed), ledger_(options.seed), clients_(loop) {}

  Task<Result<void>> run();
  bool good() const { return ledger_.faults.empty(); }
  void print() const;

 private:
  Task<Result<void>> kill_rounds();
  Task<Result<void>> be_killed();
  Task<Result<void>> wait_for_greeting(std::uint64_t before);
  Task<Result<void>> wait_until_queue_is_empty() const;
  Task<Result<void>> settle();

  const Options& options_;
  net::Loop& loop_;
  SeededRandom random_;
  Ledger ledger_;
  std::unique_ptr<Sink> sink_;
  std::unique_ptr<Server> server_;
  std::optional<Traffic> traffic_;
  net::Scope clients_;
  std::vector<MonoTime> killed_at_;
  std::uint64_t early_ = 0;  // kills before the server was up
  std::chrono::nanoseconds emptied_in_{0};
  AuditReport report_;
};

Task<Result<void>> Harness::run() {
  PABAL_CO_TRY(sink_, Sink::open(loop_, ledger_, [this] { return server_->life(); }));
  Result<void> outcome;
  auto server = Server::prepare(options_.program, options_.directory, sink_->port());
  if (server) {
    server_ = *std::move(server);
    traffic_.emplace(ledger_, server_->endpoint());
    outcome = co_await kill_rounds();
    if (outcome) outcome = co_await settle();
    if (server_->running()) (void)server_->kill();
  } else {
    outcome = std::unexpected(server.error());
  }
  clients_.cancel();
  co_await clients_.join();
  co_await sink_->close();
  co_return outcome;
}

Task<Result<void>> Harness::kill_rounds() {
  std::vector<Client> clients(options_.clients, Client(*traffic_));
  for (Client& client : clients) clients_.spawn(client.run());
  Result<void> outcome;
  for (std::uint64_t round = 0; round < options_.rounds && outcome && good(); ++round)
    outcome = co_await be_killed();

  // The last life: the clients come to an end.
  server_->start();
  traffic_->finish = true;
  if (!outcome || !good()) clients_.cancel();
  co_await clients_.join();
  co_return outcome;
}

// A third of the kills come while the server starts, the others within a second of load.
Task<Result<void>> Harness::be_killed() {
  const std::uint64_t before = traffic_->greetings;
  const bool early = random_.below(3) == 0;
  const milliseconds moment(random_.below(early ? 80 : 1000));
  server_->start();
  if (!early) PABAL_CO_TRY_VOID(co_await wait_for_greeting(before));
  PABAL_CO_TRY_VOID(co_await net::sleep_until(loop_.in(moment)));
  PABAL_CO_TRY_VOID(server_->kill());
  killed_at_.push_back(loop_.clock().mono());
  if (traffic_->greetings == before) ++early_;
  co_return co_await sink_->wait_until_alone();
}

Task<Result<void>> Harness::wait_for_greeting(std::uint64_t before) {
  const net::Deadline deadline = loop_.in(kPatience);
  while (traffic_->greetings == before) {
    if (!co_await traffic_->greeted.wait(deadline))
      co_return fail(ErrorKind::kDeadline, "the server does not come up");
  }
  co_return Result<void>();
}

Task<Result<void>> Harness::wait_until_queue_is_empty() const {
  const MonoTime began = loop_.clock().mono();
  for (;;) {
    PABAL_CO_TRY(const auto queue, co_await server_->ask("queue.list"));
    if (queue.items.empty()) co_return Result<void>();
    if (loop_.clock().mono() - began > kPatience) {
      co_return fail(ErrorKind::kDeadline, "{} letters stay in the queue, the first: {}", queue.items.size(),
                     queue.items.front().to_text());
    }
    PABAL_CO_TRY_VOID(co_await net::sleep_until(loop_.in(kLook)));
  }
}

Task<Result<void>> Harness::settle() {
  const MonoTime began = loop_.clock().mono();
  PABAL_CO_TRY_VOID(co_await wait_until_queue_is_empty());
  emptied_in_ = loop_.clock().mono() - began;
  PABAL_CO_TRY(report_, co_await audit(*server_, ledger_, killed_at_));
  PABAL_CO_TRY_VOID(server_->stop());
  co_return server_->run({"store", "check"});
}

void Harness::print() const {
  constexpr std::size_t kShown = 20;
  for (std::size_t i = 0; i < std::min(ledger_.faults.size(), kShown); ++i)
    fmt::print(stderr, "smtp_crash: {}\n", ledger_.faults[i]);
  fmt::print(
      "{} kills (seed {}), {} before the server was up; {} letters answered with 250, {} sent again after a lost "
      "answer, put off {} times\n"
      "{} copies in mailboxes, {} recipients outside, {} sent back; {} received outside again, {} letters for one "
      "kill at most, received up to {} us before it\n"
      "queue empty after {} ms; {} journeys heard; {} faults\n",
      killed_at_.size(), options_.seed, early_, ledger_.answers, ledger_.sent_again, ledger_.put_off,
      report_.in_mailboxes, report_.outside, report_.sent_back, report_.twice_outside,
      report_.most_for_one_kill, report_.longest_before_kill.count(),
      std::chrono::duration_cast<milliseconds>(emptied_in_).count(), report_.journeys, ledger_.faults.size());
}

int complain(const std::string& what) {
  fmt::print(stderr, "smtp_crash: {}\n", what);
  return 1;
}

int run(const Options& options) {
  std::filesystem::create_directories(options.directory);
  const SystemClock clock;
  net::Loop loop(clock);
  Harness harness(options, loop);
  const auto outcome = loop.run_until_done(harness.run());
  harness.print();
  if (!outcome) return complain(outcome.error().detail);
  return harness.good() ? 0 : 1;
}

int run_in_scratch(Options options) {
  const store::ScratchDirectory scratch("smtp-crash");
  options.directory = scratch.path();
  const int status = run(options);
  if (status == 0) return 0;
  const std::string kept = scratch.path() + ".faulty";
  std::filesystem::rename(scratch.path(), kept);
  return complain(fmt::format("the data and the server's log are left in {}", kept));
}

}  // namespace

int main_of_smtp_crash(const std::vector<std::string>& arguments) {
  Options options;
  if (arguments.size() % 2 != 0)
    return complain("usage: smtp_crash [--rounds N] [--seed S] [--clients N] [--program PABAL] [--dir D]");
  for (std::size_t i = 0; i < arguments.size(); i += 2) {
    const std::string& value = arguments[i + 1];
    if (arguments[i] == "--rounds") {
      options.rounds = std::strtoull(value.c_str(), nullptr, 10);
    } else if (arguments[i] == "--seed") {
      options.seed = std::strtoull(value.c_str(), nullptr, 10);
    } else if (arguments[i] == "--clients") {
      options.clients = std::strtoull(value.c_str(), nullptr, 10);
    } else if (arguments[i] == "--program") {
      options.program = value;
    } else if (arguments[i] == "--dir") {
      options.directory = value;
    } else {
      return complain("unknown option " + arguments[i]);
    }
  }
  return options.directory.empty() ? run_in_scratch(options) : run(options);
}

}  // namespace pabal::crash

int main(int argc, char** argv) { return pabal::crash::main_of_smtp_crash({argv + 1, argv + argc}); }
