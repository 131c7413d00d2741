// Email/query and /queryChanges (RFC 8621 §4.4, §4.5). The answer to a filter and a sort is one list of
// places in the snapshot, which is kept: whoever scrolls asks for it again, a page at a time.
#include <algorithm>
#include <unordered_set>

#include "jmap/changes.h"
#include "jmap/detail/email_filter.h"
#include "jmap/detail/standard.h"
#include "jmap/methods/families.h"

namespace pabal::jmap::detail {
namespace {

using Index = Snapshot::Index;
using mailbox::OrderBy;

/// In one answer; whoever wants more asks for the next ones.
constexpr std::size_t kMaxIds = 10'000;

constexpr std::string_view kSorts[] = {"receivedAt",
                                       "size",
                                       "from",
                                       "to",
                                       "subject",
                                       "sentAt",
                                       "hasKeyword",
                                       "allInThreadHaveKeyword",
                                       "someInThreadHaveKeyword"};
constexpr std::string_view kWithKeyword[] = {"hasKeyword", "allInThreadHaveKeyword",
                                             "someInThreadHaveKeyword"};

std::optional<OrderBy> column_of(std::string_view property) {
  if (property == "from") return OrderBy::kDisplayFrom;
  if (property == "to") return OrderBy::kDisplayTo;
  if (property == "subject") return OrderBy::kSubject;
  if (property == "sentAt") return OrderBy::kDate;
  return {};
}

struct Query {
  EmailFilter filter;
  std::vector<Comparator> sort;
  bool collapse = false;
  std::string text;  ///< what was asked, as a key

  bool looks_at_attachments() const {
    return any_condition(filter, [](const EmailCondition& each) { return each.has_attachment.has_value(); });
  }
  bool is_about_threads() const {
    return collapse || any_condition(filter, [](const auto& each) { return each.is_about_threads(); }) ||
           std::ranges::any_of(sort, [](const Comparator& each) {
             return each.property.find("InThread") != std::string_view::npos;
           });
  }
  bool is_immutable() const {
    return !collapse && !any_condition(filter, [](const auto& each) { return !each.is_immutable(); }) &&
           std::ranges::none_of(sort, [](const Comparator& each) { return !each.keyword.empty(); });
  }
  WantedKeys keys() const {
    WantedKeys out{.columns = {}, .attachments = looks_at_attachments()};
    for (const Comparator& each : sort) {
      if (const auto column = column_of(each.property)) out.columns.push_back(*column);
    }
    return out;
  }
};

std::expected<Query, MethodError> read_query(Arguments& in) {
  Query out;
  const Json* filter = in.value("filter");
  const Json* sort = in.value("sort");
  out.collapse = in.flag("collapseThreads", false);
  auto tree = read_email_filter(filter);
  if (!tree) return std::unexpected(std::move(tree).error());
  out.filter = *std::move(tree);
  auto comparators = read_sort(in, kSorts, kWithKeyword);
  if (!comparators) return std::unexpected(std::move(comparators).error());
  out.sort = *std::move(comparators);
  // Of itself the newest first.
  if (out.sort.empty()) out.sort.push_back({.property = "receivedAt", .ascending = false});
  out.text = fmt::format("{}\n{}\n{}", out.collapse, filter != nullptr ? filter->to_text() : "",
                         sort != nullptr ? sort->to_text() : "");
  return out;
}

/// One criterion as numbers, by place in the list that is to be sorted.
class Keys {
 public:
  Keys(const Snapshot& now, const LetterKeys* keys, const std::vector<std::uint32_t>& slots)
      : now_(now), keys_(keys), slots_(slots) {}

  std::uint64_t of(const Comparator& by, Index index) const {
    const Email& email = now_[index];
    if (by.property == "receivedAt")
      return static_cast<std::uint64_t>(email.received.time_since_epoch().count());
    if (by.property == "size") return email.size_bytes;
    if (by.property == "hasKeyword") return now_.has_keyword(email, by.keyword) ? 1 : 0;
    const auto has = [&](Index each) { return now_.has_keyword(now_[each], by.keyword); };
    if (by.property == "allInThreadHaveKeyword") return std::ranges::all_of(now_.thread(email.thread), has);
    if (by.property == "someInThreadHaveKeyword") return std::ranges::any_of(now_.thread(email.thread), has);
    return keys_->columns[static_cast<std::size_t>(*column_of(by.property))]->key(slots_[index]);
  }

 private:
  const Snapshot& now_;
  const LetterKeys* keys_;
  const std::vector<std::uint32_t>& slots_;
};

// What is equal in all criteria stays in the order in which it came, or against it if the first one counts
// backwards. By dates, that is mostly the order in which letters lie already.
void sort(std::vector<Index>& list, const std::vector<Comparator>& by, const Keys& keys) {
  const std::size_t terms = by.size();
  std::vector<std::uint64_t> numbers;
  numbers.reserve(list.size() * terms);
  for (const Index index : list) {
    for (const Comparator& each : by) {
      const std::uint64_t key = keys.of(each, index);
      numbers.push_back(each.ascending == by.front().ascending ? key : ~key);
    }
  }
  const auto is_before = [&](std::uint32_t a, std::uint32_t b) {
    for (std::size_t i = 0; i < terms; ++i) {
      const std::uint64_t x = numbers[a * terms + i];
      const std::uint64_t y = numbers[b * terms + i];
      if (x != y) return x < y;
    }
    return a < b;
  };
  std::vector<std::uint32_t> order(list.size());
  for (std::uint32_t i = 0; i < order.size(); ++i) order[i] = i;
  if (!std::ranges::is_sorted(order, is_before)) std::ranges::sort(order, is_before);
  if (!by.front().ascending) std::ranges::reverse(order);
  std::vector<Index> out;
  out.reserve(list.size());
  for (const std::uint32_t at : order) out.push_back(list[at]);
  list = std::move(out);
}

void collapse(std::vector<Index>& list, const Snapshot& now) {
  std::unordered_set<mailbox::LetterId> seen;
  seen.reserve(list.size());
  std::erase_if(list, [&](Index index) { return !seen.insert(now[index].thread).second; });
}

net::Task<Result<QueryList>> find(Call& call, SnapshotRef now, const Query& query) {
  const std::string key = fmt::format("{}/{}\n{}", call.account(), now->mod_seq(), query.text);
  if (QueryList kept = call.api().queries().find(key)) co_return kept;
  const WantedKeys wanted = query.keys();
  std::unique_ptr<LetterKeys> keys;
  std::vector<std::uint32_t> slots;
  if (!wanted.empty()) {
    PABAL_CO_TRY(keys, co_await call.api().letter_keys().take(call.account(), now, wanted));
    slots = keys->slots(*now);
  }
  PABAL_CO_TRY(const std::vector<bool> found,
               co_await find_emails(call, query.filter, {now, keys.get(), &slots}));
  auto list = std::make_shared<std::vector<Index>>();
  for (Index i = 0; i < found.size(); ++i) {
    if (found[i]) list->push_back(i);
  }
  sort(*list, query.sort, Keys(*now, keys.get(), slots));
  if (query.collapse) collapse(*list, *now);
  if (keys) call.api().letter_keys().put(call.account(), std::move(keys));
  call.api().queries().keep(key, list);
  co_return QueryList(std::move(list));
}

std::optional<std::size_t> find_place(const Snapshot& now, const QueryList& list, std::string_view text) {
  const auto id = parse_email_id(text);
  const auto index = id ? now.index_of(*id) : std::nullopt;
  const auto found = index ? std::ranges::find(*list, *index) : list->end();
  if (found == list->end()) return {};
  return static_cast<std::size_t>(found - list->begin());
}

/// All whose place in a list may be another one than it was: ascending.
std::vector<mailbox::LetterId> touched_by(const Changed<mailbox::LetterId>& letters, const Snapshot& now,
                                          std::span<const mailbox::LetterId> threads_of_destroyed,
                                          const Query& query) {
  std::vector<mailbox::LetterId> out = letters.created;
  if (!query.is_immutable()) out.insert(out.end(), letters.updated.begin(), letters.updated.end());
  if (query.is_about_threads()) {
    std::vector<mailbox::LetterId> threads(threads_of_destroyed.begin(), threads_of_destroyed.end());
    for (const mailbox::LetterId id : out) threads.push_back(now.find(id)->thread);
    for (const mailbox::LetterId thread : threads) {
      for (const Index index : now.thread(thread)) out.push_back(now[index].id);
    }
  }
  std::ranges::sort(out);
  out.erase(std::ranges::unique(out).begin(), out.end());
  return out;
}

}  // namespace

Answer run_email_query(Call& call) {
  Arguments in = call.read();
  const QueryWindow window = read_window(in);
  const auto query = read_query(in);
  if (!query) co_return std::unexpected(query.error());
  if (!in.complete()) co_return in.error();
  PABAL_CO_TRY(const SnapshotRef now, co_await call.snapshot());
  PABAL_CO_TRY(const QueryList list, co_await find(call, now, *query));
  const auto anchor = window.anchor ? find_place(*now, list, call.resolve(*window.anchor)) : std::nullopt;
  const auto part = apply_window(window, list->size(), anchor, kMaxIds);
  if (!part) co_return std::unexpected(part.error());
  const std::string state = state_of(now->mod_seq());
  write_query(call, window,
              {.state = state, .size = list->size(), .window = *part, .id_at = [&](std::size_t at) {
                 return email_id((*now)[(*list)[at]].id);
               }});
  co_return Outcome();
}

Answer run_email_query_changes(Call& call) {
  Arguments in = call.read();
  const std::string_view old_state = in.required_text("sinceQueryState");
  const auto max = in.unsigned_integer("maxChanges");
  const auto up_to = in.id("upToId");
  const bool total = in.flag("calculateTotal", false);
  const auto query = read_query(in);
  if (!query) co_return std::unexpected(query.error());
  if (!in.complete()) co_return in.error();
  PABAL_CO_TRY(const SnapshotRef now, co_await call.snapshot());
  const auto since = parse_state(old_state);
  std::optional<Changes> changes;
  if (since) {
    PABAL_CO_TRY(changes, co_await load_changes(call.services().engine, call.account(), now, *since,
                                                std::nullopt, ChangesOf::kLetters));
  }
  if (!changes) co_return method_error("cannotCalculateChanges");
  const auto& letters = changes->letters;
  std::vector<mailbox::LetterId> threads;
  if (query->is_about_threads() && !letters.destroyed.empty()) {
    PABAL_CO_TRY(threads, co_await call.services().notes.load_threads(call.account(), letters.destroyed));
  }
  const std::vector<mailbox::LetterId> touched = touched_by(letters, *now, threads, *query);
  PABAL_CO_TRY(const QueryList list, co_await find(call, now, *query));

  const std::string state = state_of(now->mod_seq());
  QueryChangesAnswer answer{.old_state = old_state, .new_state = state, .total = {}};
  if (total) answer.total = list->size();
  for (const mailbox::LetterId id : letters.destroyed) answer.removed.push_back(email_id(id));
  for (const mailbox::LetterId id : touched) {
    if (!std::ranges::binary_search(letters.created, id)) answer.removed.push_back(email_id(id));
  }
  std::size_t end = list->size();
  if (up_to && query->is_immutable()) {
    if (const auto place = find_place(*now, list, *up_to)) end = *place + 1;
  }
  for (std::size_t i = 0; i < end && !touched.empty(); ++i) {
    const mailbox::LetterId id = (*now)[(*list)[i]].id;
    if (std::ranges::binary_search(touched, id)) answer.added.push_back({i, email_id(id)});
  }
  if (max && answer.removed.size() + answer.added.size() > *max) co_return method_error("tooManyChanges");
  write_query_changes(call, answer);
  co_return Outcome();
}

}  // namespace pabal::jmap::detail
