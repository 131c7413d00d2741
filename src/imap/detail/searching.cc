#include "imap/detail/searching.h"

#include <algorithm>

#include "imap/grammar/write_responses.h"

namespace pabal::imap::detail {
namespace {

Result<std::vector<mailbox::UidSet>> sets_of(const Selected& view, const SearchProgram& program) {
  std::vector<mailbox::UidSet> out;
  const mailbox::FolderTable& table = *view.told;
  for (const SearchProgram::Set& each : program.sets) {
    if (each.set.is_saved()) {
      out.push_back(view.found);
      continue;
    }
    mailbox::UidSet& uids = out.emplace_back();
    if (each.uid) {
      const std::uint32_t largest = table.empty() ? 0 : table[table.size() - 1].uid.value();
      for (const NumberRange& range : each.set.resolve(largest))
        uids.add({mailbox::Uid(range.first), mailbox::Uid(range.last)});
    } else {
      PABAL_TRY(const Positions positions, find_positions(view, each.set, false));
      uids = uids_of(table, positions);
    }
  }
  return out;
}

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

net::Task<Result<Found>> find_letters(Session& session, const SearchProgram& program) {
  const Selected& view = *session.selected();
  Found out{.table = view.now ? view.now : view.told, .positions = {}};
  PABAL_CO_TRY(const auto sets, sets_of(view, program));
  PABAL_CO_TRY(const RowStyle style, co_await session.row_style());
  const mailbox::Folder* folder = style.folders->find(view.folder);
  const mailbox::KeywordTable none;
  const mailbox::search::Searched searched{
      .table = *out.table,
      .keywords = folder != nullptr ? folder->keywords : none,
      .sets = sets,
      .now = std::chrono::floor<std::chrono::seconds>(session.connection().loop().clock().wall())};
  PABAL_CO_TRY(out.positions,
               co_await session.services().evaluator->find(view.account, program.query, searched));
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
  if (wanted.update) return no(fmt::format("NOUPDATE \"{}\"", tag), "Updates are not offered here");
  return {};
}

void answer_extended(Session& session, const Request& request, const SearchReturn& wanted, const Found& found,
                     std::span<const std::uint32_t> numbers, bool tells_mod_seq) {
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
  EsearchResult result{.tag = request.tag, .uid = request.by_uid};
  if (wanted.min && !numbers.empty()) result.min = numbers.front();
  if (wanted.max && !numbers.empty()) result.max = numbers.back();
  if (wanted.count) result.count = numbers.size();
  if (wanted.all) result.all = numbers;
  if (wanted.partial) result.partial.emplace(*wanted.partial, window(numbers, *wanted.partial));
  if (tells_mod_seq && !told.positions.empty()) result.mod_seq = highest_mod_seq(told);
  append_esearch(session.out(), result, session.dialect());
}

}  // namespace pabal::imap::detail
