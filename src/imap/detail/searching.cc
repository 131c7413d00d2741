#include "imap/detail/searching.h"

#include <algorithm>

#include "imap/detail/progress.h"
#include "imap/detail/search_contexts.h"
#include "imap/grammar/write_responses.h"

namespace pabal::imap::detail {
namespace {

/// RFC 9394 §3.1: that part of a result.
std::span<const std::uint32_t> window(std::span<const std::uint32_t> all, const PartialRange& partial) {
  const auto near = static_cast<std::uint64_t>(std::min(std::abs(partial.first), std::abs(partial.last)));
  const auto far = static_cast<std::uint64_t>(std::max(std::abs(partial.first), std::abs(partial.last)));
  if (near > all.size()) return {};
  const std::size_t count = std::min<std::uint64_t>(far, all.size()) - near + 1;
  return partial.from_end() ? all.subspan(all.size() - near + 1 - count, count)
                            : all.subspan(near - 1, count);
}

}  // namespace

mailbox::UidSet named_uids(const mailbox::FolderTable& table, const SequenceSet& set) {
  mailbox::UidSet out;
  const std::uint32_t largest = table.empty() ? 0 : table[table.size() - 1].uid.value();
  for (const NumberRange& range : set.resolve(largest))
    out.add({mailbox::Uid(range.first), mailbox::Uid(range.last)});
  return out;
}

Result<std::vector<mailbox::UidSet>> sets_of(const Selected& view, const SearchProgram& program) {
  std::vector<mailbox::UidSet> out;
  for (const SearchProgram::Set& each : program.sets) {
    if (each.set.is_saved()) {
      out.push_back(view.found);
    } else if (each.uid) {
      out.push_back(named_uids(*view.told, each.set));
    } else {
      PABAL_TRY(const Positions positions, find_positions(view, each.set, false));
      out.push_back(uids_of(*view.told, positions));
    }
  }
  return out;
}

net::Task<Result<std::vector<std::uint32_t>>> evaluate(Session& session, account::AccountId account,
                                                       const mailbox::FolderTable& table,
                                                       const mailbox::Query& query,
                                                       std::span<const mailbox::UidSet> sets) {
  PABAL_CO_TRY(const mailbox::Folders folders, co_await session.mailboxes().folders(account));
  const mailbox::Folder* folder = folders->find(table.folder());
  const mailbox::KeywordTable none;
  const mailbox::search::Searched searched{
      .table = table,
      .keywords = folder != nullptr ? folder->keywords : none,
      .sets = sets,
      .now = std::chrono::floor<std::chrono::seconds>(session.connection().loop().clock().wall())};
  co_return co_await with_progress(session, session.services().evaluator->find(account, query, searched));
}

net::Task<Result<Found>> find_letters_in(Session& session, const SearchProgram& program,
                                         account::AccountId account, mailbox::FolderId folder) {
  PABAL_CO_TRY(mailbox::Table table, co_await session.mailboxes().open(account, folder));
  std::vector<mailbox::UidSet> sets;
  for (const SearchProgram::Set& each : program.sets) {
    if (each.set.is_saved()) {
      const Selected* view = session.selected();
      const bool is_open = view != nullptr && view->account == account && view->folder == folder;
      sets.push_back(is_open ? view->found : mailbox::UidSet());
    } else if (each.uid) {
      sets.push_back(named_uids(*table, each.set));
    } else {
      const auto size = static_cast<std::uint32_t>(table->size());
      Positions positions;
      for (const NumberRange& range : each.set.resolve(size)) {
        if (range.first <= size) positions.push_back({range.first - 1, std::min(range.last, size) - 1});
      }
      sets.push_back(uids_of(*table, positions));
    }
  }
  Found out{.table = std::move(table), .positions = {}};
  PABAL_CO_TRY(out.positions, co_await evaluate(session, account, *out.table, program.query, sets));
  co_return out;
}

net::Task<Result<Found>> find_letters(Session& session, const SearchProgram& program) {
  const Selected& view = *session.selected();
  Found out{.table = view.now ? view.now : view.told, .positions = {}};
  PABAL_CO_TRY(const auto sets, sets_of(view, program));
  PABAL_CO_TRY(out.positions, co_await evaluate(session, view.account, *out.table, program.query, sets));
  // Letters that came while a removal could not be told have no number yet.
  if (view.now) {
    std::erase_if(out.positions, [&](std::uint32_t position) {
      return !view.told->find((*out.table)[position].uid).has_value();
    });
  }
  co_return out;
}

std::vector<std::uint32_t> numbers_of(Session& session, const Found& found, bool by_uid) {
  const Selected& view = *session.selected();
  std::vector<std::uint32_t> out;
  out.reserve(found.positions.size());
  for (const std::uint32_t position : found.positions) {
    if (!by_uid && found.table == view.told) {
      out.push_back(position + 1);
      continue;
    }
    const mailbox::Uid uid = (*found.table)[position].uid;
    out.push_back(by_uid ? uid.value() : static_cast<std::uint32_t>(*view.told->find(uid) + 1));
  }
  return out;
}

mailbox::ModSeq highest_mod_seq(const Found& found) {
  mailbox::ModSeq out;
  for (const std::uint32_t position : found.positions) out = std::max(out, (*found.table)[position].mod_seq);
  return out;
}

Reply refused_command(const Error& error) {
  return error.kind == ErrorKind::kOverLimit ? no("LIMIT", error.detail) : bad(error.detail);
}

std::optional<Reply> objection(Session& session, const SearchProgram& program, const SearchReturn& wanted,
                               std::string_view tag) {
  const auto by_number = [](const SearchProgram::Set& set) { return !set.uid && !set.set.is_saved(); };
  if (session.enabled().uid_only && std::ranges::any_of(program.sets, by_number))
    return Reply{Reply::Status::kBad, "UIDREQUIRED", "You enabled UIDONLY: name letters by their UIDs"};
  if (!program.charset_known)
    return no("BADCHARSET (UTF-8 US-ASCII)", "That character set is not known here");
  if (wanted.update && session.selected() == nullptr)
    return bad("Select a mailbox first: UPDATE is about it");
  if (wanted.update && has_context(session, tag)) return bad("That tag is in use by another search");
  return {};
}

void answer_extended(Session& session, const ExtendedAnswer& answer) {
  const SearchReturn& wanted = answer.wanted;
  const Found& found = answer.found;
  const std::span<const std::uint32_t> numbers = answer.numbers;
  // In the order of a SORT, the first is the least (RFC 5267 §3.2).
  const bool ends_alone = (wanted.min || wanted.max) && !wanted.all && !wanted.count && !wanted.partial;
  Found chosen{.table = found.table, .positions = {}};
  if (ends_alone && !found.positions.empty()) {
    if (wanted.min) chosen.positions.push_back(found.positions.front());
    if (wanted.max) chosen.positions.push_back(found.positions.back());
  }
  const Found& told = ends_alone ? chosen : found;
  if (wanted.save) {
    std::vector<std::uint32_t> positions = told.positions;
    std::ranges::sort(positions);
    mailbox::UidSet& kept = session.selected()->found;
    kept = {};
    for (const std::uint32_t position : positions) kept.add((*found.table)[position].uid);
  }
  const bool tells_nothing = !wanted.min && !wanted.max && !wanted.all && !wanted.count && !wanted.partial;
  if (tells_nothing) return;  // RETURN (SAVE)
  EsearchResult result{.tag = answer.tag,
                       .mailbox = answer.mailbox,
                       .uid_validity = answer.uid_validity,
                       .uid = answer.by_uid};
  if (wanted.min && !numbers.empty()) result.min = numbers.front();
  if (wanted.max && !numbers.empty()) result.max = numbers.back();
  if (wanted.count) result.count = numbers.size();
  if (wanted.all) result.all = numbers;
  if (wanted.partial) result.partial.emplace(*wanted.partial, window(numbers, *wanted.partial));
  if (answer.tells_mod_seq && !told.positions.empty()) result.mod_seq = highest_mod_seq(told);
  append_esearch(session.out(), result, session.dialect());
}

}  // namespace pabal::imap::detail
