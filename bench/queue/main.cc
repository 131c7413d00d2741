// How many letters a second go through the queue: in, onto a courier that takes each at once, and out, every
// step durable in a real store.
#include <fmt/format.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>

#include "base/metrics.h"
#include "net/scope.h"
#include "net/server_loops.h"
#include "queue/queue.h"
#include "store/embedded.h"

namespace pabal::queue {
namespace {

constexpr std::size_t kLetterBytes = 4096;

class TakesAll final : public Courier {
 public:
  explicit TakesAll(std::atomic<std::size_t>& carried) : carried_(carried) {}
  net::Task<ErrandReport> carry(Errand errand) override {
    ErrandReport report;
    report.recipients.assign(errand.recipients.size(), {.fate = RecipientResult::Fate::kRelayed,
                                                        .reply = {250, smtp::EnhancedCode{2, 0, 0}, "Ok"},
                                                        .host = "mx.hamburger.edu [192.0.2.7]:25"});
    ++carried_;
    co_return report;
  }
  net::Task<void> rest() override { co_return; }

 private:
  std::atomic<std::size_t>& carried_;
};

class NoJournal final : public journey::Journal {
 public:
  NoJournal(const Clock& clock, Random& random) : ids_(clock, random) {}
  journey::JourneyId new_id() override { return ids_.next(); }
  void write(store::Batch& batch, const journey::Entry& entry) override {
    batch.put(fmt::format("j/{}/{}", entry.id.to_string(), ++entries_), std::string(200, 'j'));
  }
  void committed(const store::PartitionId&, journey::Entry) override {}
  void overheard(journey::JourneyId, journey::WireLine::From, std::string_view) override {}

 private:
  journey::JourneyIds ids_;
  std::atomic<std::uint64_t> entries_ = 0;
};

class NoReports final : public ReportDoor {
 public:
  net::Task<Result<journey::JourneyId>> send(Report) override { co_return journey::JourneyId(1); }
};

struct Bench {
  store::Engine& engine;
  journey::Journal& journal;
  Queue& queue;
  std::size_t letters;
  std::size_t domains;
  std::size_t clients;  // on each loop
  std::atomic<std::size_t> next = 0;
  std::atomic<std::size_t> added = 0;
  std::atomic<std::size_t> answered = 0;  // added or refused
};

net::Task<void> client(Bench& bench, net::Loop& loop) {
  const auto sender = account::Address::parse("alice@crepes.fr");
  for (std::size_t i = bench.next++; i < bench.letters; i = bench.next++) {
    auto writer = bench.engine.new_blob();
    std::string text = fmt::format("Subject: {}\r\n\r\n", i);
    text.resize(kLetterBytes, 'x');
    (void)co_await writer->write(text);
    auto blob = co_await writer->finish();
    Submission submission{.letter = {.id = bench.journal.new_id()}, .to = {}, .blob = *blob};
    Letter& letter = submission.letter;
    letter.sender = *sender;
    letter.preamble = std::string(200, 'R');
    letter.blob = blob->id;
    letter.blob_bytes = blob->size_bytes;
    letter.accepted = loop.clock().wall();
    submission.to.push_back({*account::Address::parse(fmt::format("bob@d{}.org", i % bench.domains))});
    submission.token = journey::make_resend_token(text);
    const auto added = co_await bench.queue.add(std::move(submission));
    if (added && added->what == Added::What::kQueued) ++bench.added;
    ++bench.answered;
  }
}

net::Task<void> work(Bench& bench, net::Loop& loop, std::size_t index, std::atomic<std::size_t>& carried) {
  net::Scope server(loop);
  server.spawn(bench.queue.run(index));
  net::Scope clients(loop);
  for (std::size_t i = 0; i < bench.clients; ++i) clients.spawn(client(bench, loop));
  co_await clients.join();
  // The other loops' clients may still bring letters for the shards of this one.
  while (bench.answered < bench.letters || carried < bench.added)
    (void)co_await net::sleep_until(loop.in(std::chrono::milliseconds(1)));
  server.cancel();
  co_await server.join();
}

int run(const std::filesystem::path& directory, std::size_t loop_count, std::size_t letters,
        std::size_t domains, std::size_t clients) {
  const SystemClock clock;
  SystemRandom random;
  Metrics metrics;
  QueueMetrics counts(metrics);
  auto engine = store::open_embedded({.directory = directory});
  if (!engine) {
    fmt::print(stderr, "queue_bench: {}\n", engine.error().detail);
    return 1;
  }
  NoJournal journal(clock, random);
  NoReports reports;
  const QueueServices services{**engine, journal, reports, random, counts};
  std::atomic<std::size_t> carried = 0;
  TakesAll courier(carried);
  net::ServerLoops loops(clock, loop_count);
  std::vector<Queue::Place> places;
  for (std::size_t i = 0; i < loop_count; ++i) places.push_back({loops.loop(i), courier});
  Queue queue(services, std::move(places), {});
  Bench bench{**engine, journal, queue, letters, domains, clients};

  const MonoTime begin = clock.mono();
  loops.run_on_each([&](net::Loop& loop, std::size_t index) { return work(bench, loop, index, carried); });
  const double seconds = std::chrono::duration<double>(clock.mono() - begin).count();
  const store::EmbeddedStats stats = (*engine)->stats();
  fmt::print("{} letters to {} domains on {} loops: {:.2f} s, {:.0f} letters/s; {} commits in {} syncs\n",
             bench.added.load(), domains, loop_count, seconds, static_cast<double>(bench.added) / seconds,
             stats.commits, stats.groups);
  return 0;
}

}  // namespace
}  // namespace pabal::queue

int main(int count, char** words) {
  if (count < 3) {
    fmt::print(stderr, "queue_bench DIRECTORY LOOPS [LETTERS [DOMAINS [CLIENTS]]]\n");
    return 2;
  }
  const auto number = [&](int at, std::size_t usual) {
    return count > at ? std::strtoull(words[at], nullptr, 10) : usual;
  };
  return pabal::queue::run(words[1], number(2, 1), number(3, 20'000), number(4, 10), number(5, 20));
}
