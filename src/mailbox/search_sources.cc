#include "mailbox/search_sources.h"

#include <algorithm>

#include "base/ascii.h"

namespace pabal::mailbox {

namespace {

using search::FieldColumn;

/// Letters whose envelopes are held at one time, and folded in one errand of a worker.
constexpr std::size_t kBatchLetters = 2048;

/// Goes through the letters of `old` and the new ones in their order.
class Merge {
 public:
  Merge(const FieldColumn* old, std::string field)
      : old_(old), out_(std::make_shared<FieldColumn>(std::move(field))) {}

  /// Letters ascending, none of them in the old column. On a worker.
  Result<void> add(std::span<const LetterId> letters, const FactsPage& facts) {
    for (std::size_t i = 0; i < letters.size(); ++i) {
      copy_until(letters[i]);
      if (facts[i].empty()) continue;
      PABAL_TRY(const message::EnvelopeView envelope, message::view_envelope(facts[i].envelope));
      out_->add(letters[i], envelope);
    }
    return {};
  }
  std::shared_ptr<const FieldColumn> finish() {
    copy_until(LetterId(UINT64_MAX));
    return std::move(out_);
  }

 private:
  void copy_until(LetterId letter) {
    for (; old_ != nullptr && at_ < old_->size() && old_->letter(at_) < letter; ++at_)
      out_->add(old_->letter(at_), old_->text(at_));
  }

  const FieldColumn* old_;
  std::size_t at_ = 0;
  std::shared_ptr<FieldColumn> out_;
};

}  // namespace

net::Task<Result<std::vector<search::ListedLetter>>> SearchSources::list(account::AccountId account,
                                                                         LetterId after, std::size_t limit) {
  PABAL_CO_TRY(const LetterPage page, co_await mailboxes_.list(account, after, limit));
  std::vector<search::ListedLetter> out;
  out.reserve(page.items.size());
  for (const auto& item : page.items) out.push_back({item.id, item.record.size_bytes()});
  co_return out;
}

net::Task<Result<std::string>> SearchSources::read(account::AccountId account, LetterId letter,
                                                   std::uint64_t offset, std::size_t size) {
  PABAL_CO_TRY(auto record, co_await mailboxes_.find(account, letter));
  if (!record) co_return std::string();
  co_return co_await mailboxes_.read(*std::move(record), offset, size);
}

net::Task<Result<std::vector<std::string>>> SearchSources::read_all(account::AccountId account,
                                                                    std::span<const LetterId> letters,
                                                                    std::size_t size) {
  PABAL_CO_TRY(auto records,
               co_await mailboxes_.find_all(account, std::vector<LetterId>(letters.begin(), letters.end())));
  std::vector<std::string> out(records.size());
  for (std::size_t i = 0; i < records.size(); ++i) {
    if (!records[i]) continue;
    PABAL_CO_TRY(out[i], co_await mailboxes_.read(*std::move(records[i]), 0, size));
  }
  co_return std::move(out);
}

net::Task<Result<std::vector<message::Envelope>>> SearchSources::load_envelopes(
    account::AccountId account, std::span<const LetterId> letters) {
  PABAL_CO_TRY(const FactsPage facts,
               co_await mailboxes_.load_facts(account, std::vector<LetterId>(letters.begin(), letters.end()),
                                              {.structures = false, .previews = false}));
  std::vector<message::Envelope> out;
  out.reserve(letters.size());
  for (std::size_t i = 0; i < letters.size(); ++i) {
    message::Envelope& envelope = out.emplace_back();
    if (facts[i].empty()) continue;
    PABAL_CO_TRY(envelope, message::decode_envelope(facts[i].envelope));
  }
  co_return out;
}

net::Task<Result<std::vector<LetterId>>> SearchSources::load_threads(account::AccountId account,
                                                                     std::span<const LetterId> letters) {
  return mailboxes_.load_threads(account, {letters.begin(), letters.end()});
}

std::shared_ptr<const FieldColumn> SearchSources::find_column(account::AccountId account,
                                                              std::string_view field) {
  return columns_.find(account, field);
}

net::Task<Result<std::shared_ptr<const FieldColumn>>> SearchSources::load_column(
    account::AccountId account, std::string_view field, std::span<const LetterId> letters) {
  std::shared_ptr<const FieldColumn> old = columns_.find(account, field);
  std::vector<LetterId> missing(letters.begin(), letters.end());
  if (!std::ranges::is_sorted(missing)) std::ranges::sort(missing);
  const auto repeated = std::ranges::unique(missing);
  missing.erase(repeated.begin(), repeated.end());
  std::size_t hint = 0;
  if (old) std::erase_if(missing, [&](LetterId letter) { return old->find(letter, hint).has_value(); });
  if (missing.empty()) co_return old;

  Merge merge(old.get(), std::string(field));
  const net::Context context = co_await net::current_context();
  for (std::size_t done = 0; done < missing.size(); done += kBatchLetters) {
    if (context.cancel && context.cancel->cancelled())
      co_return fail(ErrorKind::kCancelled, "the search was told to stop");
    const std::span<const LetterId> some =
        std::span(missing).subspan(done, std::min(kBatchLetters, missing.size() - done));
    PABAL_CO_TRY(const FactsPage facts,
                 co_await mailboxes_.load_facts(account, {some.begin(), some.end()},
                                                {.structures = false, .previews = false}));
    PABAL_CO_TRY_VOID(co_await workers_.run([&] { return merge.add(some, facts); }));
  }
  std::shared_ptr<const FieldColumn> column = merge.finish();
  columns_.put(account, column);
  co_return std::move(column);
}

std::list<SearchSources::Columns::Kept>::iterator SearchSources::Columns::place_of(account::AccountId account,
                                                                                   std::string_view field) {
  return std::ranges::find_if(kept_, [&](const Kept& each) {
    return each.account == account && equals_ignoring_case(each.column->field(), field);
  });
}

std::shared_ptr<const FieldColumn> SearchSources::Columns::find(account::AccountId account,
                                                                std::string_view field) {
  const std::lock_guard lock(mutex_);
  const auto found = place_of(account, field);
  if (found == kept_.end()) return nullptr;
  kept_.splice(kept_.begin(), kept_, found);
  return found->column;
}

void SearchSources::Columns::put(account::AccountId account, std::shared_ptr<const FieldColumn> column) {
  std::list<Kept> forgotten;  // freed when the mutex is not held any more
  const std::lock_guard lock(mutex_);
  const auto forget = [&](std::list<Kept>::iterator which) {
    bytes_ -= which->column->memory_bytes();
    forgotten.splice(forgotten.end(), kept_, which);
  };
  if (const auto old = place_of(account, column->field()); old != kept_.end()) forget(old);
  bytes_ += column->memory_bytes();
  kept_.push_front({account, std::move(column)});
  while (bytes_ > max_bytes_ && !kept_.empty()) forget(std::prev(kept_.end()));
}

}  // namespace pabal::mailbox
