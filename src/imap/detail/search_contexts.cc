#include "imap/detail/search_contexts.h"

#include <algorithm>
#include <ranges>

#include "imap/grammar/write_responses.h"

namespace pabal::imap::detail {
namespace {

SearchContexts* contexts_of(const Session& session) {
  const Selected* view = session.selected();
  return view == nullptr ? nullptr : view->contexts.get();
}

/// Rows that were changed after that, or came.
mailbox::UidSet changed_since(const mailbox::FolderTable& table, mailbox::ModSeq since) {
  mailbox::UidSet out;
  for (std::size_t i = 0; i < table.page_count(); ++i) {
    const mailbox::Page& page = table.page(i);
    if (page.changed <= since) continue;
    for (const mailbox::Row& row : page.rows) {
      if (row.mod_seq > since) out.add(row.uid);
    }
  }
  return out;
}

mailbox::UidSet uids_of(const mailbox::FolderTable& table, std::span<const std::uint32_t> positions) {
  mailbox::UidSet out;
  for (const std::uint32_t position : positions) out.add(table[position].uid);
  return out;
}

/// Those of `uids` that match now.
net::Task<Result<mailbox::UidSet>> match(Session& session, const SearchContext& context,
                                         const mailbox::FolderTable& table, const mailbox::UidSet& uids) {
  std::vector<mailbox::UidSet> sets = context.sets;
  for (std::size_t i = 0; i < sets.size(); ++i) {
    const SearchProgram::Set& named = context.program.sets[i];
    if (named.uid) sets[i] = named_uids(table, named.set);
  }
  sets.push_back(uids);
  mailbox::Query query{
      mailbox::query::And{{{mailbox::query::InSet{sets.size() - 1}}, context.program.query}}};
  PABAL_CO_TRY(const auto positions,
               co_await evaluate(session, session.selected()->account, table, query, sets));
  co_return uids_of(table, positions);
}

/// Tells changes of one result, as numbers in `table`.
class Teller {
 public:
  Teller(std::string& out, const SearchContext& context, const mailbox::FolderTable& table,
         const Dialect& dialect)
      : out_(out), context_(context), table_(table), dialect_(dialect) {}

  /// One at a position (from 1; 0: any), in the result's order, or all of them.
  void tell(bool added, std::uint32_t position, std::span<const mailbox::Uid> uids) {
    std::vector<std::uint32_t> numbers;
    for (const mailbox::Uid uid : uids) {
      numbers.push_back(context_.by_uid ? uid.value()
                                        : static_cast<std::uint32_t>(table_.lower_bound(uid) + 1));
    }
    append_context_change(out_,
                          {.tag = context_.tag,
                           .uid = context_.by_uid,
                           .added = added,
                           .position = position,
                           .numbers = numbers},
                          dialect_);
  }
  void tell(bool added, const mailbox::UidSet& uids) {
    std::vector<mailbox::Uid> all;
    for (const auto& range : uids.ranges()) {
      for (std::uint32_t uid = range.first.value();; ++uid) {
        all.emplace_back(uid);
        if (uid == range.last.value()) break;
      }
    }
    tell(added, 0, all);
  }

 private:
  std::string& out_;
  const SearchContext& context_;
  const mailbox::FolderTable& table_;
  const Dialect& dialect_;
};

/// Calls `see(first, uids)` for each run of neighbours in `order` that are in `uids`.
template <class See>
void for_each_run(std::span<const mailbox::Uid> order, const mailbox::UidSet& uids, See see) {
  for (std::size_t begin = 0; begin < order.size(); ++begin) {
    std::size_t end = begin;
    while (end < order.size() && uids.contains(order[end])) ++end;
    if (end == begin) continue;
    see(begin, order.subspan(begin, end - begin));
    begin = end;
  }
}

// What makes a letter's place never changes, so those that stay keep their order among themselves.
net::Task<Result<void>> tell_sorted(Session& session, SearchContext& context, const mailbox::Table& now,
                                    const mailbox::UidSet& removed, const mailbox::UidSet& added,
                                    Teller told_teller, Teller now_teller) {
  // From behind, so that each position is right in its turn.
  std::vector<std::pair<std::size_t, std::span<const mailbox::Uid>>> runs;
  for_each_run(context.sorted, removed,
               [&](std::size_t first, auto uids) { runs.emplace_back(first, uids); });
  for (const auto& [first, uids] : std::views::reverse(runs))
    told_teller.tell(false, static_cast<std::uint32_t>(first + 1), uids);
  std::erase_if(context.sorted, [&](mailbox::Uid uid) { return removed.contains(uid); });
  if (added.empty()) co_return Result<void>();
  Found found{.table = now, .positions = {}};
  now->for_each(context.result, [&](std::size_t position, const mailbox::Row&) {
    found.positions.push_back(static_cast<std::uint32_t>(position));
  });
  PABAL_CO_TRY_VOID(co_await sort_letters(session, found, context.order));
  context.sorted.clear();
  for (const std::uint32_t position : found.positions) context.sorted.push_back((*now)[position].uid);
  for_each_run(context.sorted, added, [&](std::size_t first, auto uids) {
    now_teller.tell(true, static_cast<std::uint32_t>(first + 1), uids);
  });
  co_return Result<void>();
}

}  // namespace

bool has_context(const Session& session, std::string_view tag) {
  const SearchContexts* contexts = contexts_of(session);
  return contexts != nullptr &&
         std::ranges::find(contexts->all, tag, &SearchContext::tag) != contexts->all.end();
}

void watch_result(Session& session, SearchContext context, const Found& found) {
  Selected& view = *session.selected();
  auto sets = sets_of(view, context.program);
  if (!view.contexts) {
    view.contexts = std::make_shared<SearchContexts>();
    view.contexts->told = view.told->mod_seq();
  }
  if (!sets || view.contexts->all.size() == kMaxContexts) {
    session.out() += fmt::format("* NO [NOUPDATE \"{}\"] {} searches are watched already\r\n", context.tag,
                                 view.contexts->all.size());
    return;
  }
  context.sets = *std::move(sets);
  std::vector<mailbox::Uid> uids;
  for (const std::uint32_t position : found.positions) uids.push_back((*found.table)[position].uid);
  if (!context.order.empty()) context.sorted = uids;
  std::ranges::sort(uids);
  for (const mailbox::Uid uid : uids) context.result.add(uid);
  view.contexts->all.push_back(std::move(context));
}

void cancel_context(Session& session, std::string_view tag) {
  if (SearchContexts* contexts = contexts_of(session))
    std::erase_if(contexts->all, [&](const SearchContext& each) { return each.tag == tag; });
}

net::Task<Result<ContextNews>> look_at_contexts(Session& session, const mailbox::Table& now) {
  ContextNews news;
  SearchContexts* contexts = contexts_of(session);
  if (contexts == nullptr || contexts->all.empty()) co_return news;
  const mailbox::FolderTable& told = *session.selected()->told;
  const mailbox::UidSet changed = changed_since(*now, contexts->told);
  const mailbox::UidSet there = now->uids();
  for (SearchContext& context : contexts->all) {
    PABAL_CO_TRY(const mailbox::UidSet matching, co_await match(session, context, *now, changed));
    const mailbox::UidSet gone = context.result.subtract(there);
    mailbox::UidSet removed = context.result.intersect(changed).subtract(matching);
    removed.add(gone);
    const mailbox::UidSet added = matching.subtract(context.result);
    context.result = context.result.subtract(removed);
    context.result.add(added);
    Teller told_teller(news.removed, context, told, session.dialect());
    Teller now_teller(news.added, context, *now, session.dialect());
    if (!context.order.empty()) {
      PABAL_CO_TRY_VOID(co_await tell_sorted(session, context, now, removed, added, told_teller, now_teller));
    } else {
      told_teller.tell(false, removed);
      now_teller.tell(true, added);
    }
  }
  contexts->told = now->mod_seq();
  co_return news;
}

}  // namespace pabal::imap::detail
