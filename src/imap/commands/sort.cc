// SORT and THREAD (RFC 5256, RFC 5957, RFC 5267 §3). Envelopes are read once, some thousand at a time, and a
// worker makes keys of them; what is kept of them sorts again in milliseconds.
#include <algorithm>

#include "imap/commands/families.h"
#include "imap/detail/progress.h"
#include "imap/detail/search_contexts.h"
#include "imap/detail/searching.h"
#include "imap/folder_keys.h"
#include "imap/grammar/write_responses.h"

namespace pabal::imap::detail {
namespace {

/// Letters whose facts are held at one time.
constexpr std::size_t kBatchLetters = 2048;

static_assert(static_cast<int>(mailbox::OrderBy::kDisplayTo) == static_cast<int>(SortKey::By::kDisplayTo));
mailbox::OrderBy order_of(SortKey::By by) { return static_cast<mailbox::OrderBy>(by); }

/// What must be there of each letter.
struct Wanted {
  std::vector<mailbox::OrderBy> columns = {};
  bool threads = false;
};

/// Keys of the letters of a result, and each one's slot there.
struct Prepared {
  FolderKeyCache::Place place;
  std::unique_ptr<FolderKeys> keys;
  std::vector<std::uint32_t> slots = {};
  bool keep = false;  ///< they are of the whole folder
};

void make_room(FolderKeys& keys, const Wanted& wanted) {
  for (const mailbox::OrderBy by : wanted.columns) {
    auto& column = keys.columns[static_cast<std::size_t>(by)];
    if (!column) column.emplace(by);
  }
  if (wanted.threads && !keys.threads) keys.threads.emplace();
}

/// The first slot that some of what is wanted does not have yet.
std::size_t filled(const FolderKeys& keys, const Wanted& wanted) {
  std::size_t out = keys.uids.size();
  for (const mailbox::OrderBy by : wanted.columns)
    out = std::min(out, keys.columns[static_cast<std::size_t>(by)]->size());
  if (wanted.threads) out = std::min(out, keys.threads->size());
  return out;
}

// On a worker.
Result<void> add_keys(FolderKeys& keys, const Wanted& wanted, std::span<const mailbox::Row> rows,
                      std::size_t first_slot, const mailbox::FactsPage* facts) {
  for (std::size_t i = 0; i < rows.size(); ++i) {
    message::EnvelopeView envelope;
    if (facts != nullptr && !(*facts)[i].empty()) {
      PABAL_TRY(envelope, message::view_envelope((*facts)[i].envelope));
    }
    const std::size_t slot = first_slot + i;
    if (slot == keys.uids.size()) keys.uids.push_back(rows[i].uid);
    for (const mailbox::OrderBy by : wanted.columns) {
      auto& column = *keys.columns[static_cast<std::size_t>(by)];
      if (column.size() == slot) column.add(rows[i], &envelope);
    }
    if (wanted.threads && keys.threads->size() == slot) keys.threads->add(rows[i], envelope);
  }
  return {};
}

net::Task<Result<void>> fill(Session& session, FolderKeys& keys, const Wanted& wanted,
                             const std::vector<mailbox::Row>& rows, std::size_t first_slot) {
  const bool needs_facts =
      wanted.threads || std::ranges::any_of(wanted.columns, mailbox::OrderColumn::needs_envelope);
  for (std::size_t done = 0; done < rows.size(); done += kBatchLetters) {
    const std::span<const mailbox::Row> some =
        std::span(rows).subspan(done, std::min(kBatchLetters, rows.size() - done));
    std::optional<mailbox::FactsPage> facts;
    if (needs_facts) {
      std::vector<mailbox::LetterId> ids;
      ids.reserve(some.size());
      for (const mailbox::Row& row : some) ids.push_back(row.letter);
      PABAL_CO_TRY(facts, co_await session.mailboxes().load_facts(session.selected()->account, std::move(ids),
                                                                  {.structures = false, .previews = false}));
    }
    const mailbox::FactsPage* page = facts ? &*facts : nullptr;
    PABAL_CO_TRY_VOID(co_await session.services().workers->run(
        [&] { return add_keys(keys, wanted, some, first_slot + done, page); }));
  }
  co_return Result<void>();
}

/// Rows that the keys do not have yet. A letter that left the folder, and whose column was never filled, has
/// its slot all the same: its keys are made of nothing.
std::vector<mailbox::Row> missing_rows(const FolderKeys& keys, const mailbox::FolderTable& table,
                                       std::size_t first_slot) {
  std::vector<mailbox::Row> out;
  for (std::size_t slot = first_slot; slot < keys.uids.size(); ++slot) {
    const auto position = table.find(keys.uids[slot]);
    out.push_back(position ? table[*position] : mailbox::Row{.uid = keys.uids[slot]});
  }
  const std::size_t first_new =
      keys.uids.empty() ? 0 : table.lower_bound(mailbox::Uid(keys.uids.back().value() + 1));
  if (first_new < table.size()) {
    const NumberRange all{static_cast<std::uint32_t>(first_new),
                          static_cast<std::uint32_t>(table.size() - 1)};
    for_each_row(table, all, [&](std::size_t, const mailbox::Row& row) { out.push_back(row); });
  }
  return out;
}

// A handful out of a large folder is not worth reading all of it.
bool is_worth_keeping(const Found& found) { return found.positions.size() >= found.table->size() / 8; }

net::Task<Result<Prepared>> prepare(Session& session, const Found& found, const Wanted& wanted) {
  const Selected& view = *session.selected();
  FolderKeyCache& cache = *session.services().keys;
  Prepared out{.place = {view.account, view.folder, view.uid_validity}, .keys = nullptr};
  out.keys = cache.take(out.place);
  out.keep = out.keys != nullptr || is_worth_keeping(found);
  if (!out.keys) out.keys = std::make_unique<FolderKeys>();
  make_room(*out.keys, wanted);
  const mailbox::FolderTable& table = *found.table;
  const std::size_t first_slot = filled(*out.keys, wanted);
  std::vector<mailbox::Row> rows;
  if (out.keep) {
    rows = missing_rows(*out.keys, table, first_slot);
  } else {
    for (const std::uint32_t position : found.positions) rows.push_back(table[position]);
  }
  PABAL_CO_TRY_VOID(co_await fill(session, *out.keys, wanted, rows, first_slot));
  out.slots.reserve(found.positions.size());
  std::size_t slot = 0;
  for (const std::uint32_t position : found.positions) {
    const mailbox::Uid uid = table[position].uid;
    while (out.keys->uids[slot] < uid) ++slot;
    out.slots.push_back(static_cast<std::uint32_t>(slot));
  }
  co_return out;
}

void give_back(Session& session, Prepared prepared) {
  if (prepared.keep) session.services().keys->put(prepared.place, std::move(prepared.keys));
}

std::vector<std::uint32_t> sort(FolderKeys& keys, std::span<const std::uint32_t> slots,
                                const std::vector<SortKey>& by) {
  std::vector<mailbox::OrderTerm> terms;
  for (const SortKey& key : by) {
    auto& column = *keys.columns[static_cast<std::size_t>(order_of(key.by))];
    column.settle();
    terms.push_back({&column, key.reverse});
  }
  return mailbox::sort_slots(slots, terms);
}

Result<Reply> refused(const Error& error) {
  if (error.kind == ErrorKind::kRefuse) return bad(error.detail);
  return reply_or_end(error);
}

}  // namespace

net::Task<Result<void>> sort_letters(Session& session, Found& found, const std::vector<SortKey>& keys) {
  Wanted wanted;
  for (const SortKey& key : keys) wanted.columns.push_back(order_of(key.by));
  PABAL_CO_TRY(Prepared prepared, co_await with_progress(session, prepare(session, found, wanted)));
  auto order = co_await session.services().workers->run(
      [&] { return Result<std::vector<std::uint32_t>>(sort(*prepared.keys, prepared.slots, keys)); });
  give_back(session, std::move(prepared));
  if (!order) co_return failure_of(std::move(order));
  std::vector<std::uint32_t> positions;
  positions.reserve(order->size());
  for (const std::uint32_t place : *order) positions.push_back(found.positions[place]);
  found.positions = std::move(positions);
  co_return Result<void>();
}

Answer run_sort(Session& session, Request request) {
  Cursor in = request.arguments();
  auto command = parse_sort(in, session.dialect());
  if (!command) co_return refused_command(command.error());
  if (auto refusal = objection(session, command->program, command->wanted, request.tag))
    co_return *std::move(refusal);
  const bool tells_mod_seq = command->program.uses_mod_seq;
  if (tells_mod_seq) session.enabled().condstore = true;
  auto found = co_await find_letters(session, command->program);
  if (!found) co_return refused(found.error());
  if (auto sorted = co_await sort_letters(session, *found, command->keys); !sorted)
    co_return reply_or_end(sorted.error());
  const std::vector<std::uint32_t> numbers = numbers_of(session, *found, request.by_uid);
  if (command->wanted.given) {
    answer_extended(session, {.tag = request.tag,
                              .by_uid = request.by_uid,
                              .wanted = command->wanted,
                              .found = *found,
                              .numbers = numbers,
                              .tells_mod_seq = tells_mod_seq});
  } else {
    append_sort(session.out(), numbers,
                tells_mod_seq && !numbers.empty() ? std::optional(highest_mod_seq(*found)) : std::nullopt);
  }
  if (command->wanted.update) {
    watch_result(session,
                 {.tag = std::string(request.tag),
                  .by_uid = request.by_uid,
                  .program = std::move(command->program),
                  .order = std::move(command->keys)},
                 *found);
  }
  co_return ok("That is their order");
}

Answer run_thread(Session& session, Request request) {
  Cursor in = request.arguments();
  const auto command = parse_thread(in, session.dialect());
  if (!command) co_return refused_command(command.error());
  if (auto refusal = objection(session, command->program, {}, request.tag)) co_return *std::move(refusal);
  const auto found = co_await find_letters(session, command->program);
  if (!found) co_return refused(found.error());
  auto prepared = co_await with_progress(session, prepare(session, *found, {.threads = true}));
  if (!prepared) co_return reply_or_end(prepared.error());
  const auto items = co_await session.services().workers->run([&] {
    const mailbox::ThreadKeys& keys = *prepared->keys->threads;
    return Result<std::vector<mailbox::ThreadItem>>(command->by == ThreadCommand::By::kReferences
                                                        ? mailbox::thread_by_references(keys, prepared->slots)
                                                        : mailbox::thread_by_subject(keys, prepared->slots));
  });
  give_back(session, *std::move(prepared));
  if (!items) co_return reply_or_end(items.error());
  const std::vector<std::uint32_t> numbers = numbers_of(session, *found, request.by_uid);
  std::vector<ThreadNode> nodes;
  nodes.reserve(items->size());
  for (const mailbox::ThreadItem& item : *items) {
    const bool nobody = item.position == mailbox::ThreadItem::kNobody;
    nodes.push_back({nobody ? 0 : numbers[item.position], item.depth});
  }
  append_thread(session.out(), nodes);
  co_return ok("Those are the threads");
}

}  // namespace pabal::imap::detail
