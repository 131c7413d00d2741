// pabal letter ...: what lies in a mailbox, for an operator who looks whether mail arrives, and for tests.
#include <algorithm>

#include "app/admin/tables.h"
#include "app/admin/views.h"
#include "base/encoding.h"
#include "mailbox/mailboxes.h"
#include "message/encoded_word.h"
#include "message/header.h"

namespace pabal::app {
namespace {

using net::Task;

// What of a letter is read for a list: its header, nearly always.
constexpr std::size_t kHeadBytes = 16 * 1024;
constexpr std::size_t kPageLetters = 200;
// How much of a letter goes into one line of an answer (kMaxAnswerBytes).
constexpr std::uint64_t kPieceBytes = 1024 * 1024;

std::string text_of(std::string_view head, std::string_view name) {
  const auto field = message::find_field(head, name);
  return field ? message::decode_header_text(field->value) : std::string();
}

Task<Result<void>> show_row(AdminServices& services, const std::string& folder, mailbox::LetterId id,
                            const mailbox::LetterRecord& record, Reply& reply) {
  PABAL_CO_TRY(const std::string head, co_await services.mailboxes->read(record, 0, kHeadBytes));
  co_return co_await reply.item(Json::object({{"id", id.value()},
                                              {"folder", folder},
                                              {"received", to_text(record.received)},
                                              {"size", record.size_bytes()},
                                              {"from", text_of(head, "From")},
                                              {"sender", text_of(head, "Return-Path")},
                                              {"subject", text_of(head, "Subject")},
                                              {"recipient", record.recipient},
                                              {"journey", record.journey.to_string()}}));
}

Task<Result<std::size_t>> list_folder(AdminServices& services, account::AccountId account,
                                      mailbox::FolderId folder, const std::string& path, Reply& reply) {
  auto table = co_await services.mailboxes->open(account, folder);
  if (!table && table.error().kind == ErrorKind::kRefuse) co_return 0;  // it was deleted meanwhile
  if (!table) co_return failure_of(std::move(table));
  std::size_t count = 0;
  std::vector<mailbox::LetterId> ids;
  for (std::size_t at = 0; at < (*table)->size();) {
    ids.clear();
    for (; at < (*table)->size() && ids.size() < kPageLetters; ++at) ids.push_back((**table)[at].letter);
    PABAL_CO_TRY(const auto records, co_await services.mailboxes->find_all(account, ids));
    for (std::size_t i = 0; i < ids.size(); ++i) {
      if (!records[i]) continue;  // removed meanwhile
      PABAL_CO_TRY_VOID(co_await show_row(services, path, ids[i], *records[i], reply));
      ++count;
    }
  }
  co_return count;
}

// By folders: a letter that lies in two is shown twice.
Task<Result<Json>> list_letters(AdminServices& services, const Params& params, Reply& reply) {
  PABAL_CO_TRY(const account::Account account, co_await load_account(services, params));
  // What other nodes have written, too.
  PABAL_CO_TRY_VOID(co_await services.mailboxes->sync(account.id));
  PABAL_CO_TRY(const mailbox::Folders folders, co_await services.mailboxes->folders(account.id));
  std::size_t count = 0;
  for (const mailbox::Folder& folder : folders->all()) {
    if (folder.letters == 0) continue;
    PABAL_CO_TRY(const std::size_t here,
                 co_await list_folder(services, account.id, folder.id, folders->path_of(folder), reply));
    count += here;
  }
  co_return Json::object({{"count", count}});
}

// In base64, because a letter may hold any bytes, and JSON only text.
Task<Result<Json>> show_letter(AdminServices& services, const Params& params, Reply& reply) {
  PABAL_CO_TRY(const account::Account account, co_await load_account(services, params));
  const auto number = params.find_number("id");
  const mailbox::LetterId id(static_cast<std::uint64_t>(number.value_or(0)));
  PABAL_CO_TRY(const auto record, co_await services.mailboxes->find(account.id, id));
  if (!record) co_return fail(ErrorKind::kRefuse, "there is no letter {} in that mailbox", id);
  const std::uint64_t size = record->size_bytes();
  for (std::uint64_t at = 0; at < size; at += kPieceBytes) {
    PABAL_CO_TRY(const std::string piece,
                 co_await services.mailboxes->read(*record, at, std::min(kPieceBytes, size - at)));
    PABAL_CO_TRY_VOID(co_await reply.item(Json::object({{"base64", to_base64(piece)}})));
  }
  co_return Json::object({{"size", size}});
}

const Param kAddress = {"address", ParamType::kAddress, Need::kRequired, "an address of the account"};

}  // namespace

std::vector<Method> letter_methods() {
  return {
      {.name = "letter.list",
       .summary = "List the letters of a mailbox",
       .params = {kAddress},
       .show = {.shape = Show::Shape::kTable,
                .sentence = "The mailbox is empty.",
                .columns = {{"id", "ID"},
                            {"folder", "FOLDER"},
                            {"received", "RECEIVED", Column::As::kTime},
                            {"size", "SIZE", Column::As::kSize},
                            {"sender", "FROM"},
                            {"subject", "SUBJECT"},
                            {"journey", "JOURNEY"}}},
       .handler = list_letters,
       .example = "letter list bob@example.org"},
      {.name = "letter.show",
       .summary = "Show a letter as it lies in the mailbox",
       .params = {kAddress, {"id", ParamType::kNumber, Need::kRequired, "its number, from the list"}},
       .show = {.shape = Show::Shape::kBytes},
       .handler = show_letter,
       .example = "letter show bob@example.org 1"},
  };
}

}  // namespace pabal::app
