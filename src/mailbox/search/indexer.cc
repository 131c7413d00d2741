#include "mailbox/search/indexer.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace pabal::mailbox::search {
namespace {

/// How much of a letter is read at once, and how much text one errand of a worker is.
constexpr std::size_t kPieceBytes = 512 * 1024;
constexpr std::size_t kPieceLetters = 256;
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
  Round(const Indexer& indexer, account::AccountId account) : indexer_(indexer), account_(account) {}

  net::Task<Result<void>> add(const ListedLetter& letter) {
    through_ = letter.id;
    next_.push_back(letter.id);
    next_bytes_ += letter.size_bytes;
    if (next_bytes_ < kPieceBytes && next_.size() < kPieceLetters) co_return Result<void>();
    co_return co_await flush();
  }

  /// Hands over to a worker what is next.
  net::Task<Result<void>> flush() {
    PABAL_CO_TRY_VOID(co_await still_wanted());
    PABAL_CO_TRY(const auto letters, co_await indexer_.texts_.read_all(account_, next_, kPieceBytes));
    for (std::size_t i = 0; i < letters.size();) {
      const std::size_t begin = i;
      while (i < letters.size() && letters[i].size() < kPieceBytes) ++i;
      PABAL_CO_TRY_VOID(co_await workers().run([&]() -> Result<void> {
        for (std::size_t at = begin; at < i; ++at) builder_.add(next_[at], letters[at]);
        return {};
      }));
      if (i == letters.size()) break;
      PABAL_CO_TRY_VOID(co_await add_large(next_[i]));
      ++i;
    }
    next_.clear();
    next_bytes_ = 0;
    co_return Result<void>();
  }

  bool full() const { return builder_.full(); }
  bool empty() const { return builder_.empty() && next_.empty(); }

  /// What there is becomes a segment.
  net::Task<Result<void>> write(IndexWriter& writer) {
    PABAL_CO_TRY_VOID(co_await flush());
    PABAL_CO_TRY(SegmentData data,
                 co_await workers().run([this]() -> Result<SegmentData> { return builder_.finish(); }));
    co_return co_await writer.add(std::move(data), through_);
  }

 private:
  net::Task<Result<void>> add_large(LetterId letter) {
    builder_.begin(letter);
    for (std::uint64_t offset = 0;; offset += kPieceBytes) {
      PABAL_CO_TRY_VOID(co_await still_wanted());
      PABAL_CO_TRY(const std::string piece,
                   co_await indexer_.texts_.read(account_, letter, offset, kPieceBytes));
      if (piece.empty()) break;
      PABAL_CO_TRY_VOID(co_await workers().run([&]() -> Result<void> {
        builder_.feed(piece);
        return {};
      }));
    }
    builder_.end();
    co_return Result<void>();
  }

  /// Asked each time: somebody may begin to search.
  net::WorkerPool& workers() const { return indexer_.workers_for(account_); }

  const Indexer& indexer_;
  const account::AccountId account_;
  SegmentBuilder builder_;
  std::vector<LetterId> next_;
  std::uint64_t next_bytes_ = 0;
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

void Indexer::add(account::AccountId account, std::unordered_set<account::AccountId> Waiting::* marks) {
  bool rouse = false;
  {
    const std::lock_guard lock(mutex_);
    if (waiting_.accounts.size() >= kMaxWaiting) return;
    if (waiting_.known.insert(account).second) {
      waiting_.accounts.push_back(account);
      rouse = waiting_.accounts.size() == 1;
    }
    if (marks != nullptr && (waiting_.*marks).insert(account).second) rouse = true;
  }
  if (rouse) loop_.post([changed = changed_] { changed->notify_all(); });
}

void Indexer::wake(account::AccountId account) { add(account); }
void Indexer::hurry(account::AccountId account) { add(account, &Waiting::hurried); }
void Indexer::rebuild(account::AccountId account) { add(account, &Waiting::damaged); }

std::size_t Indexer::behind() const {
  const std::lock_guard lock(mutex_);
  return waiting_.accounts.size() + (waiting_.working ? 1 : 0);
}

bool Indexer::others_wait(account::AccountId account) const {
  const std::lock_guard lock(mutex_);
  return waiting_.accounts.size() > waiting_.known.count(account);
}

bool Indexer::anybody_hurries() const {
  const std::lock_guard lock(mutex_);
  return !waiting_.hurried.empty();
}

net::WorkerPool& Indexer::workers_for(account::AccountId account) const {
  const std::lock_guard lock(mutex_);
  const bool urgent = options_.urgent_workers != nullptr && waiting_.hurried.contains(account);
  return urgent ? *options_.urgent_workers : workers_;
}

net::Task<Result<account::AccountId>> Indexer::take_next() {
  while (true) {
    {
      const std::lock_guard lock(mutex_);
      auto& accounts = waiting_.accounts;
      if (!accounts.empty()) {
        auto next = accounts.begin();
        if (!waiting_.hurried.empty()) {
          next = std::ranges::find_if(accounts,
                                      [&](auto account) { return waiting_.hurried.contains(account); });
          if (next == accounts.end()) next = accounts.begin();
        }
        const account::AccountId account = *next;
        accounts.erase(next);
        waiting_.known.erase(account);
        waiting_.working = true;
        co_return account;
      }
    }
    PABAL_CO_TRY_VOID(co_await changed_->wait(net::Deadline::never()));
  }
}

/// Lets letters gather, unless somebody searches.
net::Task<Result<void>> Indexer::rest() {
  const net::Deadline end = loop_.in(options_.gather);
  while (!anybody_hurries()) {
    const auto woken = co_await changed_->wait(end);
    if (woken) continue;
    if (woken.error().kind == ErrorKind::kCancelled) co_return woken;
    break;
  }
  co_return Result<void>();
}

net::Task<void> Indexer::run() {
  std::size_t left = 0;  // of those who waited when the last rest ended
  while (true) {
    const auto account = co_await take_next();
    if (!account) co_return;
    const Done done = co_await do_next(*account);
    if (done == Done::kStopped) co_return;
    if (left > 0) --left;
    if (left > 0 || done == Done::kSome) continue;
    if (!co_await rest()) co_return;
    const std::lock_guard lock(mutex_);
    left = waiting_.accounts.size();
  }
}

net::Task<Indexer::Done> Indexer::do_next(account::AccountId account) {
  const auto indexed = co_await index_some(account);
  if (indexed && *indexed == Done::kSome) wake(account);
  {
    const std::lock_guard lock(mutex_);
    waiting_.working = false;
    if (!waiting_.known.contains(account)) waiting_.hurried.erase(account);
  }
  if (indexed) co_return *indexed;
  if (indexed.error().kind == ErrorKind::kCancelled) co_return Done::kStopped;
  log_.warn("a search index is behind", {{"account", account}, {"error", indexed.error()}});
  if (!co_await net::sleep_until(loop_.in(options_.retry_after))) co_return Done::kStopped;
  if (indexed.error().kind != ErrorKind::kCorrupt) wake(account);
  co_return Done::kAll;
}

net::Task<Result<void>> Indexer::index(account::AccountId account) {
  while (true) {
    PABAL_CO_TRY(const Done done, co_await index_some(account));
    if (done == Done::kAll) co_return Result<void>();
  }
}

/// What is there, unless it is damaged.
net::Task<Result<void>> Indexer::load(account::AccountId account, IndexWriter& writer) {
  bool damaged = false;
  {
    const std::lock_guard lock(mutex_);
    damaged = waiting_.damaged.erase(account) > 0;
  }
  if (!damaged) {
    auto loaded = co_await writer.load();
    if (loaded || loaded.error().kind != ErrorKind::kCorrupt) co_return loaded;
  }
  log_.warn("a search index is damaged and is made anew", {{"account", account}});
  co_return co_await writer.begin_anew();
}

net::Task<Result<Indexer::Done>> Indexer::index_some(account::AccountId account) {
  IndexWriter writer(engine_, workers_, account::partition_of(account));
  PABAL_CO_TRY_VOID(co_await load(account, writer));
  Round round(*this, account);
  LetterId after = writer.state().through;
  std::uint64_t bytes = 0;
  while (true) {
    PABAL_CO_TRY(const auto letters, co_await texts_.list(account, after, kListLetters));
    for (const ListedLetter& letter : letters) bytes += letter.size_bytes;
    if (round.empty() && letters.size() < options_.worth_letters && bytes < options_.worth_bytes) break;
    if (letters.empty()) break;
    for (const ListedLetter& letter : letters) {
      if (letter.id > kMaxIndexedLetter) break;
      PABAL_CO_TRY_VOID(co_await round.add(letter));
      if (!round.full()) continue;
      PABAL_CO_TRY_VOID(co_await round.write(writer));
      PABAL_CO_TRY_VOID(co_await merge_all(account, writer));
      if (others_wait(account)) co_return Done::kSome;
    }
    after = letters.back().id;
  }
  if (!round.empty()) PABAL_CO_TRY_VOID(co_await round.write(writer));
  PABAL_CO_TRY_VOID(co_await merge_all(account, writer));
  co_return Done::kAll;
}

net::Task<Result<void>> Indexer::merge_all(account::AccountId account, IndexWriter& writer) {
  while (!writer.due_for_merge().empty()) {
    auto merged = co_await merge_next(account, writer);
    if (merged) continue;
    if (merged.error().kind != ErrorKind::kCorrupt) co_return merged;
    rebuild(account);
    break;
  }
  co_return Result<void>();
}

net::Task<Result<void>> Indexer::merge_next(account::AccountId account, IndexWriter& writer) {
  const std::span<const Segment> due = writer.due_for_merge();
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
  co_return co_await writer.merge(std::move(alive));
}

}  // namespace pabal::mailbox::search
