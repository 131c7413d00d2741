// A world for tests of the queue: time that jumps, a store in memory that can be made to fail, other hosts
// that do as they are told, and senders whose reports are kept.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/metrics.h"
#include "net/scope.h"
#include "net/testing.h"
#include "queue/queue.h"
#include "store/memory.h"

namespace pabal::queue {

inline account::Address address(std::string_view text) {
  auto parsed = account::Address::parse(text);
  EXPECT_TRUE(parsed) << text;
  return *std::move(parsed);
}
inline account::DomainName domain(std::string_view text) {
  auto parsed = account::DomainName::parse(text);
  EXPECT_TRUE(parsed) << text;
  return *std::move(parsed);
}

/// The first of that name; empty if there is none.
inline std::string fact(const journey::Event& event, journey::FactName name) {
  const auto found = std::ranges::find(event.facts, name, &journey::Fact::name);
  return found == event.facts.end() ? std::string() : found->value;
}

/// Collects what was committed.
class FakeJournal final : public journey::Journal {
 public:
  explicit FakeJournal(const Clock& clock) : ids_(clock, random_) {}

  journey::JourneyId new_id() override { return ids_.next(); }
  void write(store::Batch& batch, const journey::Entry& entry) override {
    batch.put(fmt::format("journey/{}/{:08}", entry.id.to_string(), ++writes_), "an entry");
  }
  void committed(const store::PartitionId&, journey::Entry entry) override {
    for (journey::Event& event : entry.events) events[entry.id].push_back(std::move(event));
  }
  void overheard(journey::JourneyId, journey::WireLine::From, std::string_view) override {}

  std::size_t count(journey::JourneyId id, journey::Stage stage) {
    return static_cast<std::size_t>(
        std::ranges::count(events[id], stage, [](const journey::Event& event) { return event.stage; }));
  }
  /// The last of its kind; an empty one if there is none.
  journey::Event last(journey::JourneyId id, journey::Stage stage) {
    journey::Event found;
    for (const journey::Event& event : events[id]) {
      if (event.stage == stage) found = event;
    }
    return found;
  }

  std::map<journey::JourneyId, std::vector<journey::Event>> events;

 private:
  SeededRandom random_{7};
  journey::JourneyIds ids_;
  std::size_t writes_ = 0;
};

/// The hosts of the world. Whatever is not said otherwise is taken at once.
class FakeCourier final : public Courier {
 public:
  struct Host {
    ErrandReport::Hosts hosts = ErrandReport::Hosts::kWell;
    std::chrono::nanoseconds takes{0};
    bool offers_dsn = false;
  };
  struct Carried {
    WallTime at;
    journey::JourneyId id;
    std::string domain;
    std::vector<std::string> to;
    unsigned attempt;
  };

  net::Task<ErrandReport> carry(Errand errand) override {
    const net::Context context = co_await net::current_context();
    const Host host = hosts[errand.domain.ascii()];
    Carried carried{
        context.loop->clock().wall(), errand.letter.id, errand.domain.ascii(), {}, errand.attempt};
    for (const Recipient& each : errand.recipients) carried.to.push_back(each.address.to_string());
    begun.push_back(carried);
    most_at_once = std::max(most_at_once, ++at_once);
    ErrandReport report{.hosts = host.hosts};
    const auto slept =
        host.takes.count() > 0 ? co_await net::sleep_until(context.loop->in(host.takes)) : Result<void>();
    --at_once;
    for (const Recipient& each : errand.recipients) {
      if (!slept) {
        report.recipients.push_back({});
      } else if (host.hosts == ErrandReport::Hosts::kUnreachable) {
        report.trouble = "no host could be reached.";
        report.recipients.push_back({.status = {4, 4, 1}, .reason = "No host could be reached."});
      } else {
        report.recipients.push_back(answer(each));
        report.recipients.back().reports_itself = host.offers_dsn;
      }
    }
    if (slept) ended.push_back(std::move(carried));
    co_return report;
  }
  net::Task<void> rest() override {
    rested = true;
    co_return;
  }

  static RecipientResult relayed() {
    return {.fate = RecipientResult::Fate::kRelayed,
            .reply = {250, smtp::EnhancedCode{2, 0, 0}, "Ok, queued as 1"},
            .host = "mx.hamburger.edu [192.0.2.7]:25",
            .status = {2, 0, 0}};
  }
  static RecipientResult refused() {
    return {.fate = RecipientResult::Fate::kFailed,
            .reply = {550, smtp::EnhancedCode{5, 1, 1}, "No such person here"},
            .host = "mx.hamburger.edu [192.0.2.7]:25",
            .status = {5, 1, 1},
            .reason = "The other side does not know this address."};
  }
  static RecipientResult later() {
    return {.fate = RecipientResult::Fate::kDeferred,
            .reply = {451, smtp::EnhancedCode{4, 7, 1}, "Greylisted, come back later"},
            .host = "mx.hamburger.edu [192.0.2.7]:25",
            .status = {4, 7, 1},
            .reason = "The other side asked us to come back later."};
  }

  std::function<RecipientResult(const Recipient&)> answer = [](const Recipient& recipient) {
    const std::string& name = recipient.address.local_part();
    return name == "nobody" ? refused() : name == "later" ? later() : relayed();
  };
  std::map<std::string, Host> hosts;
  std::vector<Carried> begun;
  std::vector<Carried> ended;
  std::size_t at_once = 0;
  std::size_t most_at_once = 0;
  bool rested = false;
};

class FakeReportDoor final : public ReportDoor {
 public:
  net::Task<Result<journey::JourneyId>> send(Report report) override {
    if (fails) co_return fail(*fails, "as the test wants it");
    const auto [known, fresh] = ids.try_emplace(report.token.value(), journey::JourneyId(1000 + ids.size()));
    if (fresh) {
      reports.push_back(std::move(report));
    } else {
      ++repeated;
    }
    co_return known->second;
  }
  std::optional<ErrorKind> fails;
  std::vector<Report> reports;
  std::map<std::string, journey::JourneyId> ids;
  std::size_t repeated = 0;
};

/// The engine in memory, whose commits can be made to fail.
class FaultyEngine final : public store::Engine {
 public:
  net::Task<Result<std::vector<std::optional<store::Value>>>> get(
      const store::PartitionId& partition, std::span<const std::string> keys) override {
    return engine_->get(partition, keys);
  }
  net::Task<Result<store::ScanPage>> scan(const store::PartitionId& partition, const store::KeyRange& range,
                                          store::ScanLimits limits) override {
    return engine_->scan(partition, range, limits);
  }
  net::Task<Result<store::Version>> commit(store::Batch batch) override {
    if (failing_commits > 0) {
      --failing_commits;
      co_return fail(ErrorKind::kRetryLater, "the disk is full");
    }
    ++commits;
    // The power goes: nothing is written from here on.
    if (commits_until_dark && (*commits_until_dark)-- <= 0) co_return fail(ErrorKind::kCorrupt, "it is dark");
    auto done = co_await engine_->commit(std::move(batch));
    if (const auto late = std::exchange(next_answer_comes_after, {}); late.count() > 0) {
      const net::Context context = co_await net::current_context();
      (void)co_await net::sleep_until(context.loop->in(late));
    }
    co_return done;
  }
  std::unique_ptr<store::Watch> watch(const store::PartitionId& partition) override {
    return engine_->watch(partition);
  }
  std::unique_ptr<store::BlobWriter> new_blob() override { return engine_->new_blob(); }
  net::Task<Result<std::optional<std::uint64_t>>> blob_size(store::BlobId blob) override {
    return engine_->blob_size(blob);
  }
  net::Task<Result<std::string>> read_blob(store::BlobId blob, std::uint64_t offset,
                                           std::size_t size) override {
    return engine_->read_blob(blob, offset, size);
  }
  net::Task<Result<store::SweepReport>> sweep() override { return engine_->sweep(); }

  std::size_t failing_commits = 0;
  std::size_t commits = 0;
  std::optional<int> commits_until_dark;
  std::chrono::nanoseconds next_answer_comes_after{0};  ///< that a commit is done

 private:
  std::unique_ptr<store::Engine> engine_ = store::make_memory_engine();
};

struct NewLetter {
  std::vector<std::string> to = {"bob@hamburger.edu"};
  std::string from = "alice@crepes.fr";  ///< empty: the null path
  std::optional<smtp::Notify> notify = {};
  std::optional<smtp::Ret> ret = {};
  std::optional<smtp::Hold> hold = {};
  std::optional<account::AccountId> submitter = {};
  std::optional<std::string> token = {};
  std::string text = "Subject: Ketchup\r\n\r\nDo you like ketchup?\r\nHow about pickles?\r\n";
  bool smtputf8 = false;
};

class QueueTest : public testing::Test {
 protected:
  ~QueueTest() override { stop(); }

  void start() {
    scope_ = std::make_unique<net::Scope>(sim_.loop());
    queue_ = std::make_unique<Queue>(services_, std::vector<Queue::Place>{{sim_.loop(), courier_}}, options_);
    scope_->spawn(queue_->run(0));
    settle();
  }
  void stop() {
    if (scope_ == nullptr) return;
    scope_->cancel();
    sim_.run_until_done(scope_->join());
    queue_.reset();
    scope_.reset();
  }
  template <class T>
  T run(net::Task<T> task) {
    return sim_.run_until_done(std::move(task));
  }
  void settle() { sim_.settle(); }
  void pass(std::chrono::nanoseconds time) {
    (void)sim_.run_until_done(net::sleep_until(sim_.loop().in(time)));
    settle();
  }
  WallTime now() { return sim_.clock().wall(); }

  Submission submission(const NewLetter& what) {
    auto writer = engine_.new_blob();
    EXPECT_TRUE(run(writer->write(what.text)));
    auto blob = run(writer->finish());
    Submission out{.letter = {.id = journal_.new_id()}, .to = {}, .blob = *blob};
    Letter& letter = out.letter;
    if (!what.from.empty()) letter.sender = address(what.from);
    letter.preamble = "Received: from crepes.fr by mail.crepes.fr; Thu, 1 Jan 2026 00:00:00 +0000\r\n";
    letter.message_id = "ketchup@crepes.fr";
    letter.blob = blob->id;
    letter.blob_bytes = blob->size_bytes;
    letter.accepted = now();
    letter.ret = what.ret;
    letter.hold = what.hold;
    letter.submitter = what.submitter;
    letter.smtputf8 = what.smtputf8;
    for (const std::string& to : what.to) out.to.push_back({address(to), {what.notify, {}}});
    if (what.token) out.token = journey::make_resend_token(*what.token);
    out.entry.events.push_back({.at = now(), .stage = journey::Stage::kAccepted});
    return out;
  }
  journey::JourneyId add(const NewLetter& what = {}) {
    auto added = run(queue_->add(submission(what)));
    EXPECT_TRUE(added) << added.error().detail;
    return added ? added->id : journey::JourneyId();
  }

  struct Items final : QueueItemSink {
    net::Task<Result<void>> item(QueueItem item) override {
      items.push_back(std::move(item));
      co_return Result<void>();
    }
    std::vector<QueueItem> items;
  };
  std::vector<QueueItem> list(QueueFilter filter = {}) {
    Items sink;
    EXPECT_TRUE(run(queue_->list(std::move(filter), sink)));
    return sink.items;
  }
  QueueChanged change(QueueFilter filter, QueueChange what, std::string reason = {}) {
    auto changed = run(queue_->change(std::move(filter), what, std::move(reason)));
    EXPECT_TRUE(changed) << changed.error().detail;
    settle();
    return changed.value_or(QueueChanged{});
  }

  /// Keys of the queue itself that are left, in all shards.
  std::vector<std::string> keys_left() {
    std::vector<std::string> keys;
    for (std::uint32_t shard = 0; shard < kShards; ++shard) {
      const auto page = run(engine_.scan(partition_of(ShardId(shard)), store::KeyRange::with_prefix("q/"),
                                         {.max_entries = 10000, .max_bytes = store::kMaxPageBytes}));
      for (std::size_t i = 0; i < page->size(); ++i) keys.emplace_back((*page)[i].key);
    }
    return keys;
  }

  net::SimulatedLoop sim_;
  FaultyEngine engine_;
  FakeJournal journal_{sim_.clock()};
  FakeCourier courier_;
  FakeReportDoor door_;
  SeededRandom random_{42};
  Metrics metrics_;
  QueueMetrics counts_{metrics_};
  QueueServices services_{engine_, journal_, door_, random_, counts_};
  QueueOptions options_;
  std::unique_ptr<Queue> queue_;
  std::unique_ptr<net::Scope> scope_;
};

}  // namespace pabal::queue
