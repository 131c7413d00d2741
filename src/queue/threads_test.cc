// The queue on two threads: letters come in on both, and each shard stays on its own.
#include <atomic>

#include "net/server_loops.h"
#include "queue/testing.h"

namespace pabal::queue {
namespace {

/// Counts, and would be caught by the thread sanitizer if two loops were in it.
class CountingCourier final : public Courier {
 public:
  explicit CountingCourier(std::atomic<std::size_t>& total) : total_(total) {}
  net::Task<ErrandReport> carry(Errand errand) override {
    ++carried_;
    ErrandReport report;
    for (std::size_t i = 0; i < errand.recipients.size(); ++i)
      report.recipients.push_back(FakeCourier::relayed());
    total_ += errand.recipients.size();
    co_return report;
  }
  net::Task<void> rest() override { co_return; }

 private:
  std::size_t carried_ = 0;
  std::atomic<std::size_t>& total_;
};

class SilentJournal final : public journey::Journal {
 public:
  explicit SilentJournal(const Clock& clock) : ids_(clock, random_) {}
  journey::JourneyId new_id() override { return ids_.next(); }
  void write(store::Batch&, const journey::Entry&) override {}
  void committed(const store::PartitionId&, journey::Entry) override {}
  void overheard(journey::JourneyId, journey::WireLine::From, std::string_view) override {}

 private:
  SeededRandom random_{7};
  journey::JourneyIds ids_;
};

TEST(QueueThreads, LettersFromTwoLoopsForBoth) {
  constexpr std::size_t kLetters = 200;
  const SystemClock clock;
  SeededRandom random(1);
  Metrics metrics;
  QueueMetrics counts(metrics);
  const auto engine = store::make_memory_engine();
  SilentJournal journal(clock);
  FakeReportDoor door;
  const QueueServices services{*engine, journal, door, random, counts};
  std::atomic<std::size_t> carried = 0;
  CountingCourier couriers[] = {CountingCourier(carried), CountingCourier(carried)};

  net::ServerLoops loops(clock, 2);
  Queue queue(services, {{loops.loop(0), couriers[0]}, {loops.loop(1), couriers[1]}}, {});
  loops.run_on_each([&](net::Loop& loop, std::size_t index) -> net::Task<void> {
    struct Run {
      static net::Task<void> all(net::Loop& loop, std::size_t index, Queue& queue, store::Engine& engine,
                                 journey::Journal& journal, std::atomic<std::size_t>& carried) {
        net::Scope scope(loop);
        scope.spawn(queue.run(index));
        for (std::size_t i = 0; i < kLetters; ++i) {
          auto writer = engine.new_blob();
          (void)co_await writer->write("Do you like ketchup?");
          auto blob = co_await writer->finish();
          Submission letter{.letter = {.id = journal.new_id()}, .to = {}, .blob = *blob};
          letter.letter.blob = blob->id;
          letter.letter.accepted = loop.clock().wall();
          letter.to = {{address(fmt::format("bob@d{}.org", i))}, {address("carol@hamburger.edu")}};
          EXPECT_TRUE(co_await queue.add(std::move(letter)));
        }
        while (carried < 2 * 2 * kLetters) {
          (void)co_await net::sleep_until(loop.in(std::chrono::milliseconds(1)));
        }
        scope.cancel();
        co_await scope.join();
      }
    };
    return Run::all(loop, index, queue, *engine, journal, carried);
  });
  EXPECT_EQ(carried, 2 * 2 * kLetters);
}

}  // namespace
}  // namespace pabal::queue
