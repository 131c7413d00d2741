#include "mailbox/search/evaluate.h"

#include <algorithm>
#include <exception>
#include <optional>
#include <ranges>
#include <span>
#include <string>
#include <utility>

#include "message/header.h"
#include "message/letter.h"
#include "net/scope.h"

namespace pabal::mailbox::search {
namespace {

/// Rows in doubt are settled so many at a time.
constexpr std::size_t kPageRows = 512;
/// How much of letters is read before a worker looks through them, and of one letter at once.
constexpr std::size_t kPieceBytes = 512 * 1024;
/// For fewer letters the index is not worth asking.
constexpr std::size_t kFewLetters = 8;
/// So many letters of a folder that are not indexed are worth a hurry: a scan of more would be felt.
constexpr std::size_t kManyUnindexed = 256;
/// Letters are looked through in batches of so many, and so many batches at a time: while one is read another
/// is looked through. More would leave too little to others.
constexpr std::size_t kBatchLetters = 64;
constexpr std::size_t kLanes = 3;
/// For so many letters an envelope's field is read once for this search and the next ones.
constexpr std::size_t kManyLetters = 2000;

}  // namespace

/// One search.
class Evaluator::Search {
 public:
  Search(Evaluator& with, account::AccountId account, const Query& query, const Searched& folder)
      : with_(with), account_(account), folder_(folder), conditions_(query) {}

  net::Task<Result<std::vector<std::uint32_t>>> run() {
    verdicts_ = conditions_.rate_rows(folder_);
    if (in_doubt() > kFewLetters) use_columns();
    if (in_doubt() > kFewLetters) PABAL_CO_TRY_VOID(co_await ask_index());
    if (in_doubt() > kManyLetters) PABAL_CO_TRY_VOID(co_await load_columns());
    if (in_doubt() > 0) PABAL_CO_TRY_VOID(co_await settle());
    std::vector<std::uint32_t> found;
    for (std::size_t i = 0; i < verdicts_.size(); ++i) {
      if (verdicts_[i] == Verdict::kIn) found.push_back(static_cast<std::uint32_t>(i));
    }
    co_return found;
  }

 private:
  /// A row whose verdict hangs on what must be read.
  struct Doubt {
    std::size_t position = 0;
    const Row* row = nullptr;
    std::vector<Verdict> leaves{};
  };

  std::size_t in_doubt() const {
    return static_cast<std::size_t>(std::ranges::count(verdicts_, Verdict::kUnknown));
  }

  void use_columns() {
    bool any = false;
    for (Leaf& leaf : conditions_.leaves()) {
      if (leaf.cost != Cost::kEnvelope || !leaf.has_needle) continue;
      auto column = with_.notes_.find_column(account_, leaf.needle.field);
      if (!column) continue;
      leaf.use_column(std::move(column));
      any = true;
    }
    if (any) verdicts_ = conditions_.rate_rows(folder_);
  }

  net::Task<Result<void>> load_columns() {
    std::vector<LetterId> letters;
    for (Leaf& leaf : conditions_.leaves()) {
      if (leaf.cost != Cost::kEnvelope || !leaf.has_needle) continue;
      if (letters.empty()) letters = letters_in_doubt();
      PABAL_CO_TRY(auto column, co_await with_.notes_.load_column(account_, leaf.needle.field, letters));
      if (column) leaf.use_column(std::move(column));
    }
    if (!letters.empty()) verdicts_ = conditions_.rate_rows(folder_);
    co_return Result<void>();
  }

  std::vector<LetterId> letters_in_doubt() const {
    std::vector<LetterId> letters;
    folder_.table.for_each([&](std::size_t position, const Row& row) {
      if (verdicts_[position] == Verdict::kUnknown) letters.push_back(row.letter);
    });
    return letters;
  }

  net::Task<Result<void>> ask_index() {
    std::optional<LetterId> through;
    for (Leaf& leaf : conditions_.leaves()) {
      if (!leaf.has_needle) continue;
      auto found = co_await with_.index_.find(account::partition_of(account_), leaf.needle);
      if (!found && found.error().kind == ErrorKind::kCorrupt) {
        if (with_.care_) with_.care_->rebuild(account_);
        continue;
      }
      PABAL_CO_TRY(leaf.candidates, std::move(found));
      if (!leaf.candidates.all()) through = leaf.candidates.through();
    }
    if (!through) co_return Result<void>();
    verdicts_ = conditions_.rate_rows(folder_);
    if (with_.care_ && unindexed(*through) > kManyUnindexed) with_.care_->hurry(account_);
    co_return Result<void>();
  }

  /// How many letters in doubt are behind those that are indexed.
  std::size_t unindexed(LetterId through) const {
    std::size_t count = 0;
    for (std::size_t page = 0; page < folder_.table.page_count(); ++page) {
      std::size_t position = folder_.table.first_of(page);
      for (const Row& row : folder_.table.page(page).rows) {
        if (row.letter > through && verdicts_[position] == Verdict::kUnknown) ++count;
        ++position;
      }
    }
    return count;
  }

  /// Walks the rows in doubt, a page of them at a time.
  net::Task<Result<void>> settle() {
    std::vector<Doubt> doubts;
    for (std::size_t page = 0; page < folder_.table.page_count(); ++page) {
      std::size_t position = folder_.table.first_of(page);
      for (const Row& row : folder_.table.page(page).rows) {
        if (verdicts_[position] == Verdict::kUnknown) {
          doubts.push_back({.position = position, .row = &row, .leaves = known_of(row)});
        }
        ++position;
        if (doubts.size() == kPageRows) PABAL_CO_TRY_VOID(co_await settle_page(doubts));
      }
    }
    co_return co_await settle_page(doubts);
  }

  std::vector<Verdict> known_of(const Row& row) const {
    std::vector<Verdict> leaves;
    std::size_t hint = 0;
    for (const Leaf& leaf : conditions_.leaves()) leaves.push_back(leaf.rate(row.letter, hint));
    return leaves;
  }

  net::Task<Result<void>> settle_page(std::vector<Doubt>& doubts) {
    const net::Context context = co_await net::current_context();
    if (context.cancel && context.cancel->cancelled())
      co_return fail(ErrorKind::kCancelled, "the search was told to stop");
    PABAL_CO_TRY_VOID(co_await learn_threads(doubts));
    PABAL_CO_TRY_VOID(co_await learn_envelopes(doubts));
    PABAL_CO_TRY_VOID(co_await learn_texts(doubts));
    doubts.clear();
    co_return Result<void>();
  }

  /// Whether something of this cost would tell more about the row.
  bool hangs_on(const Doubt& doubt, Cost cost) const {
    if (verdicts_[doubt.position] != Verdict::kUnknown) return false;
    const auto leaves = conditions_.leaves();
    for (std::size_t i = 0; i < leaves.size(); ++i) {
      if (leaves[i].cost == cost && doubt.leaves[i] == Verdict::kUnknown) return true;
    }
    return false;
  }

  std::vector<LetterId> letters_of(std::span<Doubt> doubts, Cost cost, std::vector<Doubt*>& wanted) const {
    std::vector<LetterId> letters;
    for (Doubt& doubt : doubts) {
      if (!hangs_on(doubt, cost)) continue;
      wanted.push_back(&doubt);
      letters.push_back(doubt.row->letter);
    }
    return letters;
  }

  /// Answers all leaves of this cost, and looks whether that settles the row.
  template <class Answer>
  void learn(Doubt& doubt, Cost cost, Answer&& answer) {
    const auto leaves = conditions_.leaves();
    for (std::size_t i = 0; i < leaves.size(); ++i) {
      if (leaves[i].cost != cost || doubt.leaves[i] != Verdict::kUnknown) continue;
      doubt.leaves[i] = answer(i) ? Verdict::kIn : Verdict::kOut;
    }
    verdicts_[doubt.position] = conditions_.rate(*doubt.row, folder_, doubt.leaves);
  }

  net::Task<Result<void>> learn_threads(std::span<Doubt> doubts) {
    std::vector<Doubt*> wanted;
    const std::vector<LetterId> letters = letters_of(doubts, Cost::kThread, wanted);
    if (letters.empty()) co_return Result<void>();
    PABAL_CO_TRY(const auto threads, co_await with_.notes_.load_threads(account_, letters));
    for (std::size_t i = 0; i < wanted.size() && i < threads.size(); ++i) {
      learn(*wanted[i], Cost::kThread, [&](std::size_t leaf) {
        return std::get<query::InThread>(conditions_.leaves()[leaf].query->is).thread == threads[i];
      });
    }
    co_return Result<void>();
  }

  net::Task<Result<void>> learn_envelopes(std::span<Doubt> doubts) {
    std::vector<Doubt*> wanted;
    const std::vector<LetterId> letters = letters_of(doubts, Cost::kEnvelope, wanted);
    if (letters.empty()) co_return Result<void>();
    PABAL_CO_TRY(const auto envelopes, co_await with_.notes_.load_envelopes(account_, letters));
    for (std::size_t i = 0; i < wanted.size() && i < envelopes.size(); ++i) {
      learn(*wanted[i], Cost::kEnvelope,
            [&](std::size_t leaf) { return envelope_matches(conditions_.leaves()[leaf], envelopes[i]); });
    }
    co_return Result<void>();
  }

  /// Letters that are still to be looked through, shared by those who do.
  struct Texts {
    std::vector<Doubt*> left{};
    Result<void> outcome{};
  };

  net::Task<Result<void>> learn_texts(std::span<Doubt> doubts) {
    Texts texts;
    for (Doubt& doubt : std::views::reverse(doubts)) {
      if (hangs_on(doubt, Cost::kLetter)) texts.left.push_back(&doubt);
    }
    if (texts.left.size() <= kBatchLetters) {
      co_await look_through(texts);
      co_return texts.outcome;
    }
    const net::Context context = co_await net::current_context();
    std::exception_ptr bug;
    net::Scope lanes(*context.loop, context.cancel, [&](std::exception_ptr thrown) { bug = thrown; });
    for (std::size_t i = 0; i < kLanes; ++i) lanes.spawn(look_through(texts));
    co_await lanes.join();
    if (bug) std::rethrow_exception(bug);
    co_return texts.outcome;
  }

  net::Task<void> look_through(Texts& texts) {
    while (texts.outcome && !texts.left.empty()) {
      const std::vector<Doubt*> batch = take_batch(texts.left);
      if (auto done = co_await scan(batch); !done) texts.outcome = std::move(done);
    }
  }

  /// From the end; a large letter comes alone.
  static std::vector<Doubt*> take_batch(std::vector<Doubt*>& left) {
    std::vector<Doubt*> batch;
    std::uint64_t bytes = 0;
    while (!left.empty() && batch.size() < kBatchLetters) {
      bytes += left.back()->row->size_bytes;
      if (!batch.empty() && bytes >= kPieceBytes) break;
      batch.push_back(left.back());
      left.pop_back();
    }
    return batch;
  }

  /// The needles of the leaves that a letter's text answers, in their order.
  std::vector<Needle> needles() const {
    std::vector<Needle> needles;
    for (const Leaf& leaf : conditions_.leaves()) {
      if (leaf.cost == Cost::kLetter) needles.push_back(leaf.needle);
    }
    return needles;
  }

  void learn_scanned(Doubt& doubt, const std::vector<bool>& has) {
    std::vector<bool> by_leaf;
    std::size_t next = 0;
    for (const Leaf& leaf : conditions_.leaves())
      by_leaf.push_back(leaf.cost == Cost::kLetter && has[next++]);
    learn(doubt, Cost::kLetter, [&](std::size_t leaf) { return by_leaf[leaf]; });
  }

  net::Task<Result<void>> scan(const std::vector<Doubt*>& batch) {
    std::vector<LetterId> ids;
    for (const Doubt* const doubt : batch) ids.push_back(doubt->row->letter);
    PABAL_CO_TRY(const auto letters, co_await with_.texts_.read_all(account_, ids, kPieceBytes));
    const std::vector<Needle> wanted = needles();
    std::vector<std::vector<bool>> has;
    PABAL_CO_TRY_VOID(co_await with_.workers_.run([&]() -> Result<void> {
      NeedleScan scan(wanted);
      for (const std::string_view bytes : letters) {
        if (bytes.size() == kPieceBytes) {
          has.emplace_back();
          continue;
        }
        message::read_letter(scan.wants_body() ? bytes : bytes.substr(0, message::header_size(bytes)),
                             &scan.sink(), message::LetterReader::Preview::kLeftOut);
        has.push_back(scan.finish());
      }
      return {};
    }));
    for (std::size_t i = 0; i < batch.size(); ++i) {
      if (letters[i].size() == kPieceBytes) {
        PABAL_CO_TRY_VOID(co_await scan_large(*batch[i]));
      } else {
        learn_scanned(*batch[i], has[i]);
      }
    }
    co_return Result<void>();
  }

  /// A letter that comes in pieces.
  net::Task<Result<void>> scan_large(Doubt& doubt) {
    PABAL_CO_TRY(std::string piece, co_await with_.texts_.read(account_, doubt.row->letter, 0, kPieceBytes));
    const std::vector<Needle> wanted = needles();
    NeedleScan scan(wanted);
    message::LetterReader reader(&scan.sink(), message::LetterReader::Preview::kLeftOut);
    std::uint64_t offset = 0;
    // The first piece has all of the header (message::kMaxHeaderBytes).
    while (!piece.empty() && !scan.all_found() && (offset == 0 || scan.wants_body())) {
      PABAL_CO_TRY_VOID(co_await with_.workers_.run([&]() -> Result<void> {
        reader.feed(piece);
        return {};
      }));
      offset += piece.size();
      PABAL_CO_TRY(piece, co_await with_.texts_.read(account_, doubt.row->letter, offset, kPieceBytes));
    }
    reader.finish();
    learn_scanned(doubt, scan.finish());
    co_return Result<void>();
  }

  Evaluator& with_;
  const account::AccountId account_;
  const Searched& folder_;
  Conditions conditions_;
  std::vector<Verdict> verdicts_;
};

net::Task<Result<std::vector<std::uint32_t>>> Evaluator::find(account::AccountId account, const Query& query,
                                                              const Searched& folder) {
  Search search(*this, account, query, folder);
  co_return co_await search.run();
}

}  // namespace pabal::mailbox::search
