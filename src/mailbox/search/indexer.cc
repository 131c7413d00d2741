#include "mailbox/search/indexer.h"

#include <optional>
#include <utility>

namespace pabal::mailbox::search {
namespace {

/// How much of a letter is read at once, and how much text one errand of a worker is.
constexpr std::size_t kPieceBytes = 512 * 1024;
constexpr std::size_t kListLetters = 512;
constexpr std::size_t kAliveLetters = 4096;

// What a worker does is waited for, so it is asked before each piece of work.
net::Task<Result<void>> still_wanted() {
  const net::Context context = co_await net::current_context();
  if (!context.cancel || !context.cancel->cancelled()) co_return Result<void>();
  co_return fail(ErrorKind::kCancelled, "the indexer was told to stop");
}

}  // namespace

/// One account's letters on their way into segments.
class Indexer::Round {
 public:
  Round(LetterTexts& texts, net::WorkerPool& workers, account::AccountId account)
      : texts_(texts), workers_(workers), account_(account) {}

  net::Task<Result<void>> add(const ListedLetter& letter) {
    PABAL_CO_TRY(std::string bytes, co_await texts_.read(account_, letter.id, 0, kPieceBytes));
    through_ = letter.id;
    if (bytes.size() == kPieceBytes) co_return co_await add_large(letter.id, std::move(bytes));
    held_bytes_ += bytes.size();
    held_.push_back({letter.id, std::move(bytes)});
    if (held_bytes_ < kPieceBytes) co_return Result<void>();
    co_return co_await flush();
  }

  /// Hands over to a worker what has been read.
  net::Task<Result<void>> flush() {
    PABAL_CO_TRY_VOID(co_await workers_.run([this]() -> Result<void> {
      for (const Held& letter : held_) builder_.add(letter.id, letter.bytes);
      return {};
    }));
    held_.clear();
    held_bytes_ = 0;
    co_return Result<void>();
  }

  bool full() const { return builder_.full(); }
  bool empty() const { return builder_.empty() && held_.empty(); }

  /// What there is becomes a segment.
  net::Task<Result<void>> write(IndexWriter& writer) {
    PABAL_CO_TRY_VOID(co_await flush());
    PABAL_CO_TRY(SegmentData data,
                 co_await workers_.run([this]() -> Result<SegmentData> { return builder_.finish(); }));
    co_return co_await writer.add(std::move(data), through_);
  }

 private:
  struct Held {
    LetterId id;
    std::string bytes;
  };

  net::Task<Result<void>> add_large(LetterId letter, std::string piece) {
    PABAL_CO_TRY_VOID(co_await flush());
    builder_.begin(letter);
    std::uint64_t offset = 0;
    while (!piece.empty()) {
      PABAL_CO_TRY_VOID(co_await still_wanted());
      PABAL_CO_TRY_VOID(co_await workers_.run([&]() -> Result<void> {
        builder_.feed(piece);
        return {};
      }));
      offset += piece.size();
      PABAL_CO_TRY(piece, co_await texts_.read(account_, letter, offset, kPieceBytes));
    }
    builder_.end();
    co_return Result<void>();
  }

  LetterTexts& texts_;
  net::WorkerPool& workers_;
  const account::AccountId account_;
  SegmentBuilder builder_;
  std::vector<Held> held_;
  std::size_t held_bytes_ = 0;
  LetterId through_;
};

Indexer::Indexer(net::Loop& loop, store::Engine& engine, LetterTexts& texts, net::WorkerPool& workers,
                 Logger log, IndexerOptions options)
    : loop_(loop),
      engine_(engine),
      texts_(texts),
      workers_(workers),
      log_(std::move(log)),
      options_(options) {}

void Indexer::wake(account::AccountId account) {
  {
    const std::lock_guard lock(mutex_);
    if (waiting_.size() >= kMaxWaiting || !known_.insert(account).second) return;
    waiting_.push_back(account);
    if (waiting_.size() > 1) return;
  }
  loop_.post([changed = changed_] { changed->notify_all(); });
}

net::Task<Result<std::deque<account::AccountId>>> Indexer::take_waiting() {
  while (true) {
    {
      const std::lock_guard lock(mutex_);
      if (!waiting_.empty()) {
        known_.clear();
        co_return std::exchange(waiting_, {});
      }
    }
    PABAL_CO_TRY_VOID(co_await changed_->wait(net::Deadline::never()));
  }
}

net::Task<void> Indexer::run() {
  while (true) {
    const auto accounts = co_await take_waiting();
    if (!accounts) co_return;
    for (const account::AccountId account : *accounts) {
      const auto indexed = co_await index(account);
      if (indexed) continue;
      if (indexed.error().kind == ErrorKind::kCancelled) co_return;
      log_.warn("a search index is behind", {{"account", account}, {"error", indexed.error()}});
      if (!co_await net::sleep_until(loop_.in(options_.retry_after))) co_return;
      if (indexed.error().kind != ErrorKind::kCorrupt) wake(account);
    }
    if (!co_await net::sleep_until(loop_.in(options_.gather))) co_return;
  }
}

net::Task<Result<void>> Indexer::index(account::AccountId account) {
  IndexWriter writer(engine_, workers_, account::partition_of(account));
  PABAL_CO_TRY_VOID(co_await writer.load());
  Round round(texts_, workers_, account);
  LetterId after = writer.state().through;
  std::uint64_t bytes = 0;
  while (true) {
    PABAL_CO_TRY(const auto letters, co_await texts_.list(account, after, kListLetters));
    for (const ListedLetter& letter : letters) bytes += letter.size_bytes;
    if (round.empty() && letters.size() < options_.worth_letters && bytes < options_.worth_bytes) break;
    if (letters.empty()) break;
    for (const ListedLetter& letter : letters) {
      PABAL_CO_TRY_VOID(co_await still_wanted());
      if (letter.id > kMaxIndexedLetter) break;
      PABAL_CO_TRY_VOID(co_await round.add(letter));
      if (!round.full()) continue;
      PABAL_CO_TRY_VOID(co_await round.write(writer));
      PABAL_CO_TRY_VOID(co_await merge_all(account, writer));
    }
    after = letters.back().id;
  }
  if (!round.empty()) PABAL_CO_TRY_VOID(co_await round.write(writer));
  co_return co_await merge_all(account, writer);
}

net::Task<Result<void>> Indexer::merge_all(account::AccountId account, IndexWriter& writer) {
  while (true) {
    const std::span<const Segment> due = writer.due_for_merge();
    if (due.empty()) co_return Result<void>();
    const LetterId last = due.back().last;
    const Block first_block = due.front().first_block();
    std::vector<bool> alive(block_of(last) - first_block + 1);
    LetterId after(due.front().first.value() - 1);
    while (after < last) {
      PABAL_CO_TRY(const auto letters, co_await texts_.list(account, after, kAliveLetters));
      if (letters.empty()) break;
      for (const ListedLetter& letter : letters) {
        if (letter.id <= last) alive[block_of(letter.id) - first_block] = true;
      }
      after = letters.back().id;
    }
    PABAL_CO_TRY_VOID(co_await writer.merge(std::move(alive)));
  }
}

}  // namespace pabal::mailbox::search
