#include "jmap/detail/arrivals.h"

#include <algorithm>

#include "mailbox/facts.h"
#include "message/letter.h"

namespace pabal::jmap::detail {

Placement read_placement(Call& call, const mailbox::FolderList& folders, Arguments& in) {
  Placement out;
  const auto ids = in.set("mailboxIds");
  if (!ids || ids->empty()) in.spoil("mailboxIds", "must name a mailbox");
  for (const std::string_view text : ids.value_or(std::vector<std::string_view>())) {
    const auto id = parse_mailbox_id(call.resolve(text));
    const mailbox::Folder* folder = id ? folders.find(*id) : nullptr;
    if (folder == nullptr || folder->placeholder) {
      in.spoil("mailboxIds", fmt::format("there is no mailbox {}", text));
    } else if (std::ranges::find(out.folders, *id) == out.folders.end()) {
      out.folders.push_back(*id);
    }
  }
  for (const std::string_view keyword : in.set("keywords").value_or(std::vector<std::string_view>())) {
    if (is_keyword(keyword)) {
      add_keyword(out.flags, keyword);
    } else {
      in.spoil("keywords", fmt::format("{} is no keyword", keyword));
    }
  }
  if (const auto received = in.utc_date("receivedAt")) out.received = WallTime(*received);
  return out;
}

net::Task<Settled<StoredEmail>> store_email(Call& call, std::string letter, Placement placement,
                                            std::string_view how) {
  const auto refused = [](auto& result) { return std::unexpected(SetError::of(result.error())); };
  const auto quota = co_await call.services().directory.load_quota_limit(call.account());
  if (!quota) co_return refused(quota);
  const auto writer = call.services().engine.new_blob();
  if (auto written = co_await writer->write(letter); !written) co_return refused(written);
  auto staged = co_await writer->finish();
  if (!staged) co_return refused(staged);

  const WallTime now = call.services().clock.wall();
  mailbox::Arrival arrival;
  arrival.letter.blob = staged->id;
  arrival.letter.blob_bytes = staged->size_bytes;
  arrival.letter.received = placement.received.value_or(now);
  arrival.letter.recipient = call.caller().login;
  arrival.letter.journey = call.services().journal.new_id();
  arrival.entry.id = arrival.letter.journey;
  journey::Event stored{.at = now, .stage = journey::Stage::kStored};
  stored.add(journey::FactName::kProtocol, std::string(how));
  stored.add(journey::FactName::kLogin, call.caller().login);
  stored.add(journey::FactName::kSize, std::to_string(staged->size_bytes));
  arrival.entry.events.push_back(std::move(stored));
  arrival.facts = mailbox::storable_facts(message::read_letter(letter));
  arrival.blob = *std::move(staged);
  arrival.quota = *quota;
  arrival.folder = placement.folders.front();
  arrival.flags = placement.flags;
  mailbox::AppendAll append;
  append.letters.push_back(std::move(arrival));
  const auto appended = co_await call.mailboxes().change(call.account(), std::move(append));
  if (!appended) co_return refused(appended);
  const mailbox::Placed& placed = appended->placed.front();
  for (std::size_t i = 1; i < placement.folders.size(); ++i) {
    const auto copied = co_await call.mailboxes().change(
        call.account(), mailbox::Transfer{.from = placement.folders.front(),
                                          .uids = mailbox::UidSet({placed.uid, placed.uid}),
                                          .to = placement.folders[i],
                                          .quota = *quota});
    if (!copied) co_return refused(copied);
  }
  co_return StoredEmail{placed.letter, letter.size()};
}

net::Task<Result<void>> write_stored(Call& call, JsonWriter& out, StoredEmail email) {
  const std::vector<mailbox::LetterId> ids{email.id};
  PABAL_CO_TRY(const auto threads, co_await call.services().notes.load_threads(call.account(), ids));
  out.key("id").text(email_id(email.id)).key("blobId").text(blob_id({email.id, {}}));
  out.key("threadId").text(thread_id(threads.front())).key("size").number(email.size_bytes);
  co_return Result<void>();
}

}  // namespace pabal::jmap::detail
