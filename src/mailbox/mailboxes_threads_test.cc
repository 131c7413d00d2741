// Several loops at once, each on its own thread, at the same account through two nodes, with the keeper at
// work: what ThreadSanitizer looks at.
#include <thread>

#include "mailbox/mailbox_testing.h"
#include "net/loop.h"

namespace pabal::mailbox {
namespace {

constexpr account::AccountId kBob{7};

struct Node {
  store::Engine& engine;
  SilentJournal& journal;
  SystemClock& clock;
  Mailboxes mailboxes{engine, journal, clock, {.checkpoint_changes = 10}};
};

net::Task<Result<void>> use(Node& node, int rounds) {
  Mailboxes& mail = node.mailboxes;
  for (int i = 0; i < rounds; ++i) {
    const auto writer = node.engine.new_blob();
    PABAL_CO_TRY_VOID(co_await writer->write(fmt::format("letter {}", i)));
    PABAL_CO_TRY(store::StagedBlob staged, co_await writer->finish());
    Arrival arrival;
    arrival.letter.blob = staged.id;
    arrival.letter.blob_bytes = staged.size_bytes;
    arrival.entry.id = arrival.letter.journey = node.journal.new_id();
    arrival.blob = std::move(staged);
    PABAL_CO_TRY(const Placed placed, co_await mail.append(kBob, std::move(arrival)));
    PABAL_CO_TRY_VOID(co_await mail.sync(kBob));
    PABAL_CO_TRY(const Table table, co_await mail.open(kBob, kInbox));
    EXPECT_TRUE(table->find(placed.uid));
    const UidSet own({placed.uid, placed.uid});
    PABAL_CO_TRY_VOID(co_await mail.change(kBob, SetFlags{kInbox, own, FlagEdit::kAdd, {kSeen, {"Later"}}}));
    PABAL_CO_TRY(const Folders folders, co_await mail.folders(kBob));
    const FolderId trash = folders->find_use(SpecialUse::kTrash)->id;
    PABAL_CO_TRY(const Transferred copied,
                 co_await mail.change(kBob, Transfer{.from = kInbox, .uids = own, .to = trash}));
    EXPECT_EQ(copied.target.count(), 1U);
    PABAL_CO_TRY_VOID(co_await mail.load_facts(kBob, {placed.letter}));
    if (i % 2 == 0) {
      PABAL_CO_TRY(const Removed removed, co_await mail.change(kBob, Remove{kInbox, own, false}));
      EXPECT_EQ(removed.gone, own);
    }
  }
  co_return Result<void>();
}

TEST(MailboxThreads, ShareOneAccount) {
  constexpr int kRounds = 20;
  constexpr int kThreads = 3;
  SystemClock clock;
  SilentJournal journal;
  const auto engine = store::make_memory_engine();
  Node nodes[] = {{*engine, journal, clock}, {*engine, journal, clock}};

  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&nodes, &clock, i] {
      net::Loop own(clock);
      // Two nodes that write all the time may tell a client to come again.
      const auto used = own.run_until_done(use(nodes[i % 2], kRounds));
      EXPECT_TRUE(used || used.error().kind == ErrorKind::kRetryLater) << used.error().detail;
    });
  }
  net::Loop loop(clock);
  for (int i = 0; i < 20; ++i) loop.run_until_done(nodes[i % 2].mailboxes.keep_once());
  for (std::thread& thread : threads) thread.join();

  Node fresh{*engine, journal, clock};
  const auto stored = loop.run_until_done(fresh.mailboxes.open(kBob, kInbox));
  for (Node& node : nodes) {
    ASSERT_TRUE(loop.run_until_done(node.mailboxes.sync(kBob)));
    EXPECT_EQ(rows_of(*loop.run_until_done(node.mailboxes.open(kBob, kInbox))), rows_of(*stored));
  }
}

}  // namespace
}  // namespace pabal::mailbox
