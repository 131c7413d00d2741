// What a mailbox's changes cost, on a real store. See README.md.
#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>

#include "mailbox/mailboxes.h"
#include "net/scope.h"
#include "store/embedded.h"

namespace pabal::mailbox {
namespace {

class NoJournal final : public journey::Journal {
 public:
  journey::JourneyId new_id() override { return journey::JourneyId(++last_); }
  void write(store::Batch& batch, const journey::Entry& entry) override {
    batch.put("journey/" + entry.id.bytes(), std::string(300, 'j'));
  }
  void committed(const store::PartitionId&, journey::Entry) override {}
  void overheard(journey::JourneyId, journey::WireLine::From, std::string_view) override {}

 private:
  std::uint64_t last_ = 0;
};

class Bench {
 public:
  explicit Bench(store::EmbeddedEngine& engine) : engine_(engine) { reopen(); }

  void run(std::size_t letters) {
    // The first letter brings the blob that all others are.
    take(deliver_some(1));
    measure(fmt::format("{} delivered, 256 at a time, no table", letters - 1), letters - 1,
            deliver(letters - 1, 256));
    reopen();
    measure("open, first, from the log", letters, open());
    measure("checkpoint", letters, checkpoint());
    reopen();
    measure("open, first, from pages", letters, open());
    const std::size_t some = std::min<std::size_t>(letters, 20'000);
    for (const std::size_t at_a_time : {1, 10, 16, 100}) {
      measure(fmt::format("delivered, {} at a time, table open", at_a_time),
              std::max<std::size_t>(some / 4, 1), deliver(std::max<std::size_t>(some / 4, 1), at_a_time));
    }
    const UidSet all({Uid(1), Uid(UINT32_MAX)});
    const UidSet ten_thousand({Uid(1), Uid(10'000)});
    measure("flags of all", letters, flags(all, FlagEdit::kAdd));
    measure("flags of all, back", letters, flags(all, FlagEdit::kRemove));
    measure("flags of one", 1, flags(UidSet({Uid(5), Uid(5)}), FlagEdit::kAdd));
    measure("copy of 10,000", 10'000, transfer(ten_thousand, false));
    measure("move of 10,000", 10'000, transfer(ten_thousand, true));
    measure("facts of all", letters, facts());
    measure("sync with nothing new, 1,000 times", 1000, sync());
  }

 private:
  using Done = net::Task<Result<void>>;

  void take(Done work) {
    const Result<void> done = loop_.run_until_done(std::move(work));
    if (done) return;
    fmt::print(stderr, "mailbox_bench: {}\n", done.error().detail);
    std::exit(1);
  }
  void measure(std::string_view what, std::size_t count, Done work) {
    const MonoTime begin = clock_.mono();
    take(std::move(work));
    const double seconds = std::chrono::duration<double>(clock_.mono() - begin).count();
    fmt::print("{:45} {:10.2f} ms {:12.0f}/s\n", what, seconds * 1000, static_cast<double>(count) / seconds);
  }
  void reopen() { mailboxes_.emplace(engine_, journal_, clock_, MailboxOptions{.checkpoint_changes = 1}); }

  Result<Arrival> arrival() {
    Arrival arrival;
    arrival.letter = {.blob = blob_.id,
                      .blob_bytes = blob_.size_bytes,
                      .received = clock_.wall(),
                      .journey = journal_.new_id(),
                      .recipient = "bob@hamburger.edu",
                      .preamble = std::string(200, 'R')};
    arrival.facts = std::string(900, 'f');
    arrival.entry.id = arrival.letter.journey;
    if (blob_.bytes) arrival.blob = blob_;
    return arrival;
  }
  Done deliver_some(std::size_t count) {
    if (!blob_.bytes) {
      const auto writer = engine_.new_blob();
      PABAL_CO_TRY_VOID(co_await writer->write(std::string(4096, 'x')));
      PABAL_CO_TRY(blob_, co_await writer->finish());
    }
    for (std::size_t i = 0; i < count; ++i) {
      PABAL_CO_TRY(Arrival own, arrival());
      PABAL_CO_TRY_VOID(co_await mailboxes_->append(account_, std::move(own)));
    }
    co_return Result<void>();
  }
  net::Task<void> client(std::size_t count, Result<void>& outcome) {
    Result<void> done = co_await deliver_some(count);
    if (!done) outcome = std::move(done);
  }
  Done deliver(std::size_t count, std::size_t at_a_time) {
    Result<void> outcome;
    net::Scope scope(loop_);
    for (std::size_t i = 0; i < at_a_time; ++i) {
      scope.spawn(client((count + i) / at_a_time, outcome));
    }
    co_await scope.join();
    co_return outcome;
  }
  Done open() {
    PABAL_CO_TRY_VOID(co_await mailboxes_->open(account_, kInbox));
    co_return Result<void>();
  }
  Done checkpoint() {
    // Changes are what it goes by.
    PABAL_CO_TRY_VOID(co_await deliver_some(1));
    co_await mailboxes_->keep_once();
    co_return Result<void>();
  }
  Done flags(UidSet uids, FlagEdit how) {
    PABAL_CO_TRY_VOID(
        co_await mailboxes_->change(account_, SetFlags{kInbox, std::move(uids), how, {kSeen, {}}}));
    co_return Result<void>();
  }
  Done transfer(UidSet uids, bool move) {
    PABAL_CO_TRY(const Folders folders, co_await mailboxes_->folders(account_));
    const FolderId trash = folders->find_use(SpecialUse::kTrash)->id;
    PABAL_CO_TRY_VOID(co_await mailboxes_->change(
        account_, Transfer{.from = kInbox, .uids = std::move(uids), .to = trash, .move = move}));
    co_return Result<void>();
  }
  Done facts() {
    PABAL_CO_TRY(const Table table, co_await mailboxes_->open(account_, kInbox));
    std::vector<LetterId> ids;
    table->for_each([&](std::size_t, const Row& row) { ids.push_back(row.letter); });
    PABAL_CO_TRY_VOID(co_await mailboxes_->load_facts(account_, std::move(ids)));
    co_return Result<void>();
  }
  Done sync() {
    for (int i = 0; i < 1000; ++i) PABAL_CO_TRY_VOID(co_await mailboxes_->sync(account_));
    co_return Result<void>();
  }

  store::EmbeddedEngine& engine_;
  const SystemClock clock_;
  // Another one each time, so that a store can be used again.
  const account::AccountId account_{static_cast<std::uint64_t>(clock_.wall().time_since_epoch().count())};
  NoJournal journal_;
  net::Loop loop_{clock_};
  store::StagedBlob blob_;
  std::optional<Mailboxes> mailboxes_;
};

}  // namespace
}  // namespace pabal::mailbox

int main(int count, char** words) {
  if (count < 2) {
    fmt::print(stderr, "mailbox_bench DIRECTORY [LETTERS]\n");
    return 2;
  }
  auto engine = pabal::store::open_embedded({.directory = words[1]});
  if (!engine) {
    fmt::print(stderr, "mailbox_bench: {}\n", engine.error().detail);
    return 1;
  }
  pabal::mailbox::Bench(**engine).run(count > 2 ? std::strtoull(words[2], nullptr, 10) : 100'000);
  return 0;
}
