// Identity and VacationResponse (RFC 8621 §6, §8).
#include <algorithm>

#include "jmap/detail/records.h"
#include "jmap/methods/families.h"

namespace pabal::jmap::detail {
namespace {

constexpr std::size_t kMaxSignatureBytes = 64 * 1024;

constexpr std::string_view kIdentity[] = {"id",  "name",          "email",         "replyTo",
                                          "bcc", "textSignature", "htmlSignature", "mayDelete"};
constexpr std::string_view kVacation[] = {"id",      "isEnabled", "fromDate", "toDate",
                                          "subject", "textBody",  "htmlBody"};

Json identity_of(std::string_view email, std::string_view name) {
  return Json::object({{"name", Json(name)},
                       {"email", Json(email)},
                       {"replyTo", Json()},
                       {"bcc", Json()},
                       {"textSignature", Json("")},
                       {"htmlSignature", Json("")}});
}

// Each address of the account has an identity from the beginning; others a client makes.
net::Task<Result<Records>> load_identities(Call& call) {
  PABAL_CO_TRY(Records records, co_await Records::load(call, kIdentities));
  PABAL_CO_TRY(const auto account, co_await call.services().directory.find_account(call.account()));
  if (!account) co_return records;
  for (const account::Address& address : account->addresses) {
    const std::string email = address.to_string();
    const bool known = std::ranges::any_of(
        records.all(), [&](const Record& record) { return *record.value.find("email")->as_text() == email; });
    if (!known) records.add(identity_of(email, account->display_name));
  }
  // Another request may have made them at the same time.
  if (auto stored = co_await records.store(call); !stored) {
    if (stored.error().kind != ErrorKind::kConflict) co_return std::unexpected(stored.error());
    co_return co_await Records::load(call, kIdentities);
  }
  co_return records;
}

void write_record(JsonWriter& out, std::string_view id, const Json& value, const GetRequest& get) {
  out.begin_object().key("id").text(id);
  for (const Json::Member& member : *value.as_object()) {
    if (get.wants(member.name)) out.key(member.name).json(member.value);
  }
}

bool is_addresses(const Json& value) {
  if (value.is_null()) return true;
  return value.as_array() != nullptr && std::ranges::all_of(*value.as_array(), [](const Json& each) {
           const Json* email = each.find("email");
           const Json* name = each.find("name");
           return email != nullptr && email->as_text() != nullptr &&
                  (name == nullptr || name->is_null() || name->as_text() != nullptr);
         });
}

/// What an update or a creation says, put into `value`.
void edit_identity(Arguments& in, Json& value) {
  for (const std::string_view name : {"name", "textSignature", "htmlSignature"}) {
    const auto text = in.text(name);
    if (!text && in.has(name)) in.spoil(name, "must be a string");
    if (text && text->size() > kMaxSignatureBytes) in.spoil(name, "is too long");
    if (text) value.set(name, Json(*text));
  }
  for (const std::string_view name : {"replyTo", "bcc"}) {
    if (!in.has(name)) continue;
    const Json* list = in.value(name);
    const Json addresses = list != nullptr ? *list : Json();
    if (!is_addresses(addresses)) in.spoil(name, "must be a list of addresses");
    value.set(name, addresses);
  }
}

net::Task<Settled<Json>> make_identity(Call& call, const Json& record) {
  Arguments in(*record.as_object());
  const std::string_view email = in.required_text("email");
  Json value = identity_of(email, "");
  edit_identity(in, value);
  if (!in.complete()) co_return in.set_error();
  const auto address = account::Address::parse(email);
  if (!address) co_return invalid_property("email", "that is no address");
  if (call.services().router == nullptr) co_return set_error("forbidden", "nothing is sent from here");
  const auto owns = co_await call.services().router->owns(call.account(), *address);
  if (!owns) co_return std::unexpected(SetError::of(owns.error()));
  if (!*owns) co_return set_error("forbiddenFrom", "that address is not yours");
  co_return value;
}

}  // namespace

Answer run_identity_get(Call& call) {
  Arguments in = call.read();
  const auto get = read_get(call, in, kIdentity);
  if (!get) co_return std::unexpected(get.error());
  PABAL_CO_TRY(const Records records, co_await load_identities(call));
  JsonWriter out = call.out();
  begin_answer(call, out);
  out.key("state").text(records.state()).key("list").begin_array();
  for (const Record& record : records.all()) {
    const std::string id = records.id_of(record);
    if (get->ids && std::ranges::find(*get->ids, id) == get->ids->end()) continue;
    write_record(out, id, record.value, *get);
    if (get->wants("mayDelete")) out.key("mayDelete").flag(true);
    out.end_object();
  }
  out.end_array();
  std::vector<std::string> not_found;
  for (const std::string_view id : get->ids.value_or(Properties())) {
    if (records.find(id) == nullptr) not_found.emplace_back(id);
  }
  write_ids(out, "notFound", not_found);
  out.end_object();
  co_return Outcome();
}

Answer run_identity_changes(Call& call) { co_return co_await answer_changes(call, kIdentities); }

Answer run_identity_set(Call& call) {
  Arguments in = call.read();
  const auto request = read_set(call, in);
  if (!request) co_return std::unexpected(request.error());
  PABAL_CO_TRY(Records records, co_await load_identities(call));
  const std::string old_state = records.state();
  if (auto same = check_state(request->if_in_state, old_state); !same) co_return same;
  SetReport report;
  if (request->create != nullptr) {
    for (const Json::Member& member : *request->create) {
      auto value = co_await make_identity(call, member.value);
      if (value && records.all().size() >= kMaxRecords) value = set_error("overQuota");
      if (!value) {
        report.not_created(member.name, value.error());
        continue;
      }
      const std::string id = records.id_of(records.add(*std::move(value)));
      report.begin_created(member.name).key("id").text(id).key("mayDelete").flag(true).end_object();
      call.note_created(member.name, id);
    }
  }
  if (request->update != nullptr) {
    for (const Json::Member& member : *request->update) {
      const Record* record = records.find(call.resolve(member.name));
      if (record == nullptr) {
        report.not_updated(member.name, {.type = "notFound"});
        continue;
      }
      Arguments patch(*member.value.as_object());
      Json value = record->value;
      edit_identity(patch, value);
      if (!patch.complete()) {
        report.not_updated(member.name, patch.set_error().error());
        continue;
      }
      records.set(*record, std::move(value));
      report.updated(member.name);
    }
  }
  for (const std::string_view id : request->destroy) {
    const Record* record = records.find(call.resolve(id));
    if (record == nullptr) {
      report.not_destroyed(id, {.type = "notFound"});
      continue;
    }
    records.erase(*record);
    report.destroyed(id);
  }
  PABAL_CO_TRY_VOID(co_await records.store(call));
  report.write(call, old_state, records.state());
  co_return Outcome();
}

// One a account, which is there from the beginning (RFC 8621 §8). It is stored; Sieve will send it.
Answer run_vacation_get(Call& call) {
  Arguments in = call.read();
  const auto get = read_get(call, in, kVacation);
  if (!get) co_return std::unexpected(get.error());
  PABAL_CO_TRY(const Records records, co_await Records::load(call, kVacations));
  const Json nothing = Json::object({{"isEnabled", Json(false)},
                                     {"fromDate", Json()},
                                     {"toDate", Json()},
                                     {"subject", Json()},
                                     {"textBody", Json()},
                                     {"htmlBody", Json()}});
  const bool asked = !get->ids || std::ranges::find(*get->ids, "singleton") != get->ids->end();
  JsonWriter out = call.out();
  begin_answer(call, out);
  out.key("state").text(records.state()).key("list").begin_array();
  if (asked) {
    write_record(out, "singleton", records.all().empty() ? nothing : records.all().front().value, *get);
    out.end_object();
  }
  out.end_array();
  std::vector<std::string> not_found;
  for (const std::string_view id : get->ids.value_or(Properties())) {
    if (id != "singleton") not_found.emplace_back(id);
  }
  write_ids(out, "notFound", not_found);
  out.end_object();
  co_return Outcome();
}

Answer run_vacation_set(Call& call) {
  Arguments in = call.read();
  const auto request = read_set(call, in);
  if (!request) co_return std::unexpected(request.error());
  PABAL_CO_TRY(Records records, co_await Records::load(call, kVacations));
  const std::string old_state = records.state();
  if (auto same = check_state(request->if_in_state, old_state); !same) co_return same;
  SetReport report;
  if (request->create != nullptr) {
    for (const Json::Member& member : *request->create)
      report.not_created(member.name, {.type = "singleton"});
  }
  for (const std::string_view id : request->destroy) report.not_destroyed(id, {.type = "singleton"});
  for (const Json::Member& member : request->update != nullptr ? *request->update : Json::Object()) {
    if (member.name != "singleton") {
      report.not_updated(member.name, {.type = "notFound"});
      continue;
    }
    Arguments patch(*member.value.as_object());
    Json value = records.all().empty() ? Json::object({{"isEnabled", Json(false)},
                                                       {"fromDate", Json()},
                                                       {"toDate", Json()},
                                                       {"subject", Json()},
                                                       {"textBody", Json()},
                                                       {"htmlBody", Json()}})
                                       : records.all().front().value;
    if (const auto enabled = patch.boolean("isEnabled")) value.set("isEnabled", Json(*enabled));
    for (const std::string_view name : {"fromDate", "toDate"}) {
      static_cast<void>(patch.utc_date(name));
      if (patch.has(name)) value.set(name, patch.value(name) != nullptr ? *patch.value(name) : Json());
    }
    for (const std::string_view name : {"subject", "textBody", "htmlBody"}) {
      const auto text = patch.text(name);
      if (text && text->size() > kMaxSignatureBytes) patch.spoil(name, "is too long");
      if (patch.has(name)) value.set(name, text ? Json(*text) : Json());
    }
    if (!patch.complete()) {
      report.not_updated(member.name, patch.set_error().error());
      continue;
    }
    if (records.all().empty()) {
      records.add(std::move(value));
    } else {
      records.set(records.all().front(), std::move(value));
    }
    report.updated(member.name);
  }
  PABAL_CO_TRY_VOID(co_await records.store(call));
  report.write(call, old_state, records.state());
  co_return Outcome();
}

}  // namespace pabal::jmap::detail
