// FETCH and UID FETCH (RFC 9051 §6.4.5, RFC 3516, RFC 7162, RFC 8474, RFC 8514, RFC 8970, RFC 9394).
//
// What stands in the folder's rows is told without waiting for anything; envelopes and structures come from
// the stored facts, some hundred letters at a time; sections from the letters, in pieces.
#include "imap/grammar/fetch_command.h"

#include <algorithm>

#include "imap/commands/families.h"
#include "imap/detail/letter_section.h"
#include "imap/detail/message_limit.h"
#include "imap/detail/read_ahead.h"
#include "imap/grammar/object_id.h"
#include "imap/grammar/write_letter.h"
#include "imap/grammar/write_responses.h"
#include "imap/grammar/write_string.h"

namespace pabal::imap::detail {
namespace {

/// Letters whose facts are held at one time: some 100 KiB.
constexpr std::size_t kBatchLetters = 512;

constexpr std::uint32_t kFromFacts = bit_of(FetchItem::kEnvelope) | bit_of(FetchItem::kBody) |
                                     bit_of(FetchItem::kBodyStructure) | bit_of(FetchItem::kPreview) |
                                     bit_of(FetchItem::kPreviewLazy);

struct Place {
  std::size_t position;
  mailbox::Row row;
  mailbox::LetterId thread = {};
};

/// One FETCH under way.
struct Fetch {
  FetchCommand command;
  RowStyle style;
  mailbox::Table table;
  mailbox::UidSet to_be_seen = {};
  bool some_gone = false;  ///< letters that another session removed
  bool some_unreadable = false;
  bool unknown_encoding = false;
};

bool needs_structure(const FetchItems& items) {
  return std::ranges::any_of(items.sections, [](const FetchSection& each) {
    return each.section.what != Section::What::kWhole || !each.section.path.empty();
  });
}

/// Those of `positions` that changed after that.
Positions changed_since(const Selected& view, const Positions& positions, mailbox::ModSeq since) {
  Positions out;
  for (const NumberRange& range : positions) {
    for_each_row(*view.told, range, [&](std::size_t position, const mailbox::Row& row) {
      if (view.row_now(row).mod_seq <= since) return;
      const auto at = static_cast<std::uint32_t>(position);
      if (!out.empty() && out.back().last + 1 == at) {
        out.back().last = at;
      } else {
        out.push_back({at, at});
      }
    });
  }
  return out;
}

/// RFC 9394 §3.2: the first hundred of what would be told, or the last.
Positions window(const Positions& positions, const PartialRange& partial) {
  const std::uint64_t count = count_numbers(positions);
  std::uint64_t first = static_cast<std::uint64_t>(std::abs(partial.first));
  std::uint64_t last = static_cast<std::uint64_t>(std::abs(partial.last));
  if (first > last) std::swap(first, last);
  if (first > count) return {};
  last = std::min(last, count);
  if (partial.from_end()) {
    const std::uint64_t begin = count - last + 1;
    last = count - first + 1;
    first = begin;
  }
  Positions out;
  std::uint64_t passed = 0;
  for (const NumberRange& range : positions) {
    const std::uint64_t size = std::uint64_t{range.last} - range.first + 1;
    const std::uint64_t begin = std::max(passed + 1, first);
    const std::uint64_t end = std::min(passed + size, last);
    if (begin <= end) {
      out.push_back({static_cast<std::uint32_t>(range.first + (begin - passed - 1)),
                     static_cast<std::uint32_t>(range.first + (end - passed - 1))});
    }
    passed += size;
  }
  return out;
}

// Nothing but rows: no wait for the store, only for a client that reads slowly.
Step tell_rows(Session& session, const Fetch& fetch, const Positions& positions) {
  const Selected& view = *session.selected();
  for (const NumberRange& whole : positions) {
    for (std::uint64_t first = whole.first; first <= whole.last; first += kBatchLetters) {
      const NumberRange some{
          static_cast<std::uint32_t>(first),
          static_cast<std::uint32_t>(std::min<std::uint64_t>(whole.last, first + kBatchLetters - 1))};
      for_each_row(*fetch.table, some, [&](std::size_t position, const mailbox::Row& row) {
        append_row(session.out(), fetch.style, position, view.row_now(row), fetch.command.items.bits);
      });
      PABAL_CO_TRY_VOID(co_await session.flush());
    }
  }
  co_return Result<void>();
}

// A space stands between two items.
void append_label(std::string& out, std::string_view label) {
  if (!out.ends_with('(')) out += ' ';
  out += label;
  out += ' ';
}

mailbox::FactsWanted wanted_facts(const FetchItems& items) {
  return {.envelopes = items.has(FetchItem::kEnvelope),
          .structures =
              items.has(FetchItem::kBody) || items.has(FetchItem::kBodyStructure) || needs_structure(items),
          .previews = items.has(FetchItem::kPreview) || items.has(FetchItem::kPreviewLazy)};
}

Result<void> append_facts(std::string& out, const FetchItems& items, const message::FactsView& facts,
                          const Dialect& dialect) {
  if (items.has(FetchItem::kEnvelope)) {
    append_label(out, "ENVELOPE");
    PABAL_TRY_VOID(append_envelope(out, facts.envelope, dialect));
  }
  if (items.has(FetchItem::kBody)) {
    append_label(out, "BODY");
    PABAL_TRY_VOID(append_body(out, facts, BodyForm::kBody, dialect));
  }
  if (items.has(FetchItem::kBodyStructure)) {
    append_label(out, "BODYSTRUCTURE");
    PABAL_TRY_VOID(append_body(out, facts, BodyForm::kBodyStructure, dialect));
  }
  if (items.has(FetchItem::kPreview) || items.has(FetchItem::kPreviewLazy)) {
    append_label(out, "PREVIEW");
    append_string(out, facts.preview, dialect);
  }
  return {};
}

Step tell_section(Session& session, Fetch& fetch, const OpenLetter& letter, const FetchSection& wanted) {
  std::string& out = session.out();
  append_label(out, wanted.label);
  std::optional<SectionSource> source;
  const bool binary =
      wanted.kind == FetchSection::Kind::kBinary || wanted.kind == FetchSection::Kind::kBinarySize;
  if (binary) {
    source = find_binary_source(letter, wanted.section);
  } else {
    auto found = co_await find_source(session, letter, wanted.section);
    if (!found && found.error().kind == ErrorKind::kCancelled) co_return std::unexpected(found.error());
    if (found) source = *std::move(found);
    fetch.some_unreadable |= !found;
  }
  const bool unknown = source && source->encoding == message::TransferEncoding::kUnknown;
  fetch.unknown_encoding |= unknown;
  if (wanted.kind == FetchSection::Kind::kBinarySize) {
    const auto size =
        source && !unknown ? co_await measure_binary(session, letter, *source) : Result<std::uint64_t>(0);
    fetch.some_unreadable |= !size;
    append_number(out, size.value_or(0));
    co_return Result<void>();
  }
  if (!source || unknown) {
    out += "NIL";
    co_return Result<void>();
  }
  const bool encoded = binary && !message::is_identity(source->encoding);
  auto sent = encoded || binary ? co_await send_binary(session, letter, *source, wanted.partial)
                                : co_await send_section(session, letter, *source, wanted.partial);
  if (!sent) co_return failure_of(std::move(sent));
  fetch.some_unreadable |= !sent->readable;
  co_return co_await session.flush();
}

// One letter of which more than its row is asked for. `facts` is empty if none are needed; `prefix` is what
// was read of it already.
Step tell_letter(Session& session, Fetch& fetch, const Place& place, const message::FactsView& facts,
                 const mailbox::LetterRecord* record, std::string prefix) {
  const FetchItems& items = fetch.command.items;
  std::string& out = session.out();
  const std::size_t begin = out.size();
  begin_row(out, fetch.style, place.position, place.row.uid);
  append_row_items(out, fetch.style, place.row, items.bits);
  if (items.has(FetchItem::kThreadId)) {
    append_label(out, "THREADID");
    out += '(';
    append_thread_id(out, place.thread, fetch.style.owner);
    out += ')';
  }
  if ((items.bits & kFromFacts) != 0) {
    if (!append_facts(out, items, facts, session.dialect())) {
      out.resize(begin);
      fetch.some_unreadable = true;
      co_return Result<void>();
    }
  }
  if (record != nullptr) {
    OpenLetter letter{.account = session.selected()->account, .record = *record, .prefix = std::move(prefix)};
    if (!facts.empty() && needs_structure(items)) {
      message::LetterFacts structure;
      auto decoded = message::decode_structure(facts.structure);
      if (!decoded) {
        out.resize(begin);
        fetch.some_unreadable = true;
        co_return Result<void>();
      }
      structure.structure = *std::move(decoded);
      mailbox::shift_facts(structure, record->size_bytes());
      letter.structure = std::move(structure.structure);
    }
    for (const FetchSection& wanted : items.sections)
      PABAL_CO_TRY_VOID(co_await tell_section(session, fetch, letter, wanted));
  }
  out += ")\r\n";
  co_return co_await session.flush();
}

/// How much of each letter is worth reading before its turn comes; 0: nothing. A store checks 32 KiB at a
/// time, so a header is as good as those.
std::uint64_t bytes_to_read_ahead(const FetchItems& items, std::size_t letters) {
  constexpr std::uint64_t kHeaderBytes = 32 * 1024;
  if (letters < 2 || items.sections.empty()) return 0;
  std::uint64_t bytes = 0;
  for (const FetchSection& each : items.sections) {
    if (each.partial) return 0;
    const bool whole = each.section.path.empty() && (each.section.what == Section::What::kWhole ||
                                                     each.section.what == Section::What::kText);
    bytes = std::max<std::uint64_t>(bytes, whole ? kFirstPieceBytes : kHeaderBytes);
  }
  return bytes;
}

/// Some letters, and what the store has of them. Both lists are empty where nobody asks.
struct Batch {
  std::vector<Place> places = {};
  std::optional<mailbox::FactsPage> facts = {};
  std::vector<std::optional<mailbox::LetterRecord>> records = {};

  bool is_gone(std::size_t i) const {
    return (facts && (*facts)[i].empty()) || (!records.empty() && !records[i]);
  }
};

net::Task<Result<void>> load(Session& session, const FetchItems& items, Batch& batch) {
  std::vector<mailbox::LetterId> ids;
  ids.reserve(batch.places.size());
  for (const Place& place : batch.places) ids.push_back(place.row.letter);
  const account::AccountId account = session.selected()->account;
  if (items.has(FetchItem::kThreadId)) {
    PABAL_CO_TRY(const auto threads, co_await session.mailboxes().load_threads(account, ids));
    for (std::size_t i = 0; i < threads.size(); ++i) batch.places[i].thread = threads[i];
  }
  if ((items.bits & kFromFacts) != 0 || needs_structure(items)) {
    PABAL_CO_TRY(batch.facts, co_await session.mailboxes().load_facts(account, ids, wanted_facts(items)));
  }
  if (!items.sections.empty()) {
    PABAL_CO_TRY(batch.records, co_await session.mailboxes().find_all(account, std::move(ids)));
  }
  co_return Result<void>();
}

// `ahead` is null where nothing is read before its turn.
Step tell_each(Session& session, Fetch& fetch, const Batch& batch, ReadAhead* ahead) {
  const bool sets_seen =
      fetch.command.items.sets_seen() && session.selected()->may(mailbox::Right::kKeepSeen);
  for (std::size_t i = 0; i < batch.places.size(); ++i) {
    if (batch.is_gone(i)) {
      fetch.some_gone = true;
      continue;
    }
    std::string prefix;
    if (ahead != nullptr) {
      auto bytes = co_await ahead->take(i);
      if (!bytes && bytes.error().kind == ErrorKind::kCancelled) co_return std::unexpected(bytes.error());
      // What can't be read is tried again where its failure is told.
      if (bytes) prefix = *std::move(bytes);
    }
    PABAL_CO_TRY_VOID(co_await tell_letter(
        session, fetch, batch.places[i], batch.facts ? (*batch.facts)[i] : message::FactsView(),
        batch.records.empty() ? nullptr : &*batch.records[i], std::move(prefix)));
    if (sets_seen && !has(batch.places[i].row.flags, mailbox::kSeen))
      fetch.to_be_seen.add(batch.places[i].row.uid);
  }
  co_return Result<void>();
}

Step tell_batch(Session& session, Fetch& fetch, Batch batch) {
  PABAL_CO_TRY_VOID(co_await load(session, fetch.command.items, batch));
  const std::uint64_t bytes = bytes_to_read_ahead(fetch.command.items, batch.places.size());
  if (bytes == 0) co_return co_await tell_each(session, fetch, batch, nullptr);
  const net::Context context = co_await net::current_context();
  ReadAhead ahead(session.mailboxes(), *context.loop, context.cancel, batch.records, bytes);
  Result<void> told = co_await tell_each(session, fetch, batch, &ahead);
  co_await ahead.leave();
  co_return told;
}

Step tell_letters(Session& session, Fetch& fetch, const Positions& positions) {
  const Selected& view = *session.selected();
  for (const NumberRange& whole : positions) {
    for (std::uint64_t first = whole.first; first <= whole.last; first += kBatchLetters) {
      const NumberRange some{
          static_cast<std::uint32_t>(first),
          static_cast<std::uint32_t>(std::min<std::uint64_t>(whole.last, first + kBatchLetters - 1))};
      Batch batch;
      batch.places.reserve(some.last - some.first + 1);
      for_each_row(*fetch.table, some, [&](std::size_t position, const mailbox::Row& row) {
        batch.places.push_back({position, view.row_now(row)});
      });
      PABAL_CO_TRY_VOID(co_await tell_batch(session, fetch, std::move(batch)));
    }
  }
  co_return Result<void>();
}

// RFC 7162 §3.2.6.
Step tell_vanished(Session& session, const FetchCommand& command) {
  const Selected& view = *session.selected();
  PABAL_CO_TRY(const auto gone, co_await session.mailboxes().vanished_since(view.account, view.folder,
                                                                            *command.changed_since));
  if (gone.uids.empty()) co_return Result<void>();
  const std::uint32_t last_gone = gone.uids.ranges().back().last.value();
  const auto& table = *view.told;
  const std::uint32_t last_here = table.empty() ? 0 : table[table.size() - 1].uid.value();
  mailbox::UidSet named;
  for (const NumberRange& range : command.set.resolve(std::max(last_gone, last_here)))
    named.add({mailbox::Uid(range.first), mailbox::Uid(range.last)});
  append_vanished(session.out(), gone.uids.intersect(named), true);
  co_return Result<void>();
}

Reply summary_of(const Fetch& fetch) {
  if (fetch.some_unreadable) return no("CORRUPTION", "Some of it could not be read");
  if (fetch.some_gone) return no("EXPUNGEISSUED", "Some of the letters are gone meanwhile");
  if (fetch.unknown_encoding) return no("UNKNOWN-CTE", "A part has an encoding that nobody knows");
  return ok("Those are all");
}

}  // namespace

Answer run_fetch(Session& session, Request request) {
  Cursor in = request.arguments();
  auto command = parse_fetch(in, session.dialect(), request.by_uid);
  if (!command) co_return bad(command.error().detail);
  if (command->vanished && !session.enabled().qresync)
    co_return bad("Enable QRESYNC before you ask for VANISHED");
  if (command->changed_since) {
    command->items.add(FetchItem::kModSeq);  // RFC 7162 §3.1.4.1
  }
  if (command->items.has(FetchItem::kModSeq)) session.enabled().condstore = true;
  const Selected& view = *session.selected();
  auto found = find_positions(view, command->set, request.by_uid);
  if (!found) co_return bad(found.error().detail);
  Positions positions = *std::move(found);
  if (command->changed_since) positions = changed_since(view, positions, *command->changed_since);
  if (command->partial) positions = window(positions, *command->partial);
  Limited limited = limit_letters(session, *view.told, std::move(positions));
  if (command->partial && !limited.code.empty()) {
    co_return too_many_letters(session,
                               fmt::format("MESSAGELIMIT {}", session.options().max_letters_of_command));
  }
  if (command->vanished) {
    const auto vanished = co_await tell_vanished(session, *command);
    if (!vanished) co_return reply_or_end(vanished.error());
  }

  PABAL_CO_TRY(RowStyle style, co_await session.row_style());
  session.tell_keywords(style);
  Fetch fetch{.command = *std::move(command), .style = std::move(style), .table = view.told};
  const FetchItems& items = fetch.command.items;
  const bool rows_only =
      (items.bits & (kFromFacts | bit_of(FetchItem::kThreadId))) == 0 && items.sections.empty();
  const Result<void> told = rows_only ? co_await tell_rows(session, fetch, limited.positions)
                                      : co_await tell_letters(session, fetch, limited.positions);
  if (!told) co_return reply_or_end(told.error());
  if (!fetch.to_be_seen.empty()) {
    const auto seen = co_await session.mailboxes().change(
        view.account, mailbox::SetFlags{.folder = view.folder,
                                        .uids = std::move(fetch.to_be_seen),
                                        .how = mailbox::SetFlags::How::kAdd,
                                        .flags = {.system = mailbox::kSeen}});
    if (!seen) co_return reply_for(seen.error());
  }
  co_return with_limit(session, summary_of(fetch), limited.code);
}

Step fetch_letters(Session& session, FetchItems items, Positions positions) {
  PABAL_CO_TRY(RowStyle style, co_await session.row_style());
  const bool rows_only = (items.bits & kFromFacts) == 0 && items.sections.empty();
  Fetch fetch{.command = {}, .style = std::move(style), .table = session.selected()->told};
  fetch.command.items = std::move(items);
  co_return rows_only ? co_await tell_rows(session, fetch, positions)
                      : co_await tell_letters(session, fetch, positions);
}

}  // namespace pabal::imap::detail
