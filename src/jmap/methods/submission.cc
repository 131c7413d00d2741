// EmailSubmission (RFC 8621 §7). A letter goes the way of one by SMTP submission: the same door, the same
// decisions about who may send as whom, the same queue. One that is to wait (HOLDFOR, HOLDUNTIL: RFC 4865)
// waits there, and can be called back until its time.
#include <algorithm>

#include "base/ascii.h"
#include "base/cursor.h"
#include "delivery/header_facts.h"
#include "jmap/detail/comparator.h"
#include "jmap/detail/letter_bytes.h"
#include "jmap/detail/records.h"
#include "jmap/methods/families.h"
#include "mailbox/facts.h"
#include "message/header.h"

namespace pabal::jmap::detail {
namespace {

constexpr std::size_t kMaxRecipients = 1000;

constexpr std::string_view kProperties[] = {"id",         "identityId", "emailId",    "threadId",
                                            "envelope",   "sendAt",     "undoStatus", "deliveryStatus",
                                            "dsnBlobIds", "mdnBlobIds"};

std::string text_of(const Record& record, std::string_view name) {
  const Json* value = record.value.find(name);
  return value != nullptr && value->as_text() != nullptr ? *value->as_text() : std::string();
}

/// Pending until its time has come, then final.
std::string undo_status(const Record& record, WallTime now) {
  const std::string stored = text_of(record, "undoStatus");
  const auto send_at = parse_utc_date(text_of(record, "sendAt"));
  return stored == "pending" && send_at && WallTime(*send_at) <= now ? "final" : stored;
}

std::string utc_text(WallTime when) {
  std::string out;
  JsonWriter(out).utc_date(std::chrono::floor<std::chrono::seconds>(when));
  return out.substr(1, out.size() - 2);
}

/// Who sends what to whom.
struct Envelope {
  account::Address sender;
  smtp::MailParameters parameters = {};
  std::vector<account::Address> recipients = {};
};

std::expected<account::Address, SetError> read_address(std::string_view text, std::string_view error) {
  auto address = account::Address::parse(text);
  if (address) return *std::move(address);
  SetError out{.type = std::string(error), .description = address.error().detail};
  if (error == "invalidRecipients") out.recipients.emplace_back(text);
  if (error == "invalidProperties") out.properties = {"envelope"};
  return std::unexpected(std::move(out));
}

/// The parameters of MAIL that a client may give: FUTURERELEASE alone changes what happens here.
Settled<smtp::MailParameters> read_parameters(const Json* json, WallTime now) {
  smtp::MailParameters out;
  const auto wrong = [](std::string why) { return invalid_property("envelope", std::move(why)); };
  if (json == nullptr || json->is_null()) return out;
  if (json->as_object() == nullptr) return wrong("parameters are an object");
  for (const Json::Member& member : *json->as_object()) {
    const std::string* value = member.value.as_text();
    if (equals_ignoring_case(member.name, "HOLDFOR") && value != nullptr && !out.hold) {
      Cursor in(*value);
      const auto seconds = in.take_number(kMaxDelayedSendSeconds);
      if (!seconds || !in.at_end()) return wrong("HOLDFOR is a number of seconds, thirty days at most");
      out.hold = std::chrono::seconds(*seconds);
    } else if (equals_ignoring_case(member.name, "HOLDUNTIL") && value != nullptr && !out.hold) {
      const auto until = parse_zoned_date(*value);
      if (!until || WallTime(until->utc) > now + std::chrono::seconds(kMaxDelayedSendSeconds))
        return wrong("HOLDUNTIL is a date, thirty days ahead at most");
      out.hold = WallTime(until->utc);
    } else if (equals_ignoring_case(member.name, "RET") && value != nullptr) {
      out.ret = equals_ignoring_case(*value, "FULL") ? smtp::Ret::kFull : smtp::Ret::kHeaders;
    } else if (equals_ignoring_case(member.name, "ENVID") && value != nullptr &&
               value->size() <= smtp::kMaxEnvidBytes) {
      out.envid = *value;
    } else if (equals_ignoring_case(member.name, "REQUIRETLS")) {
      out.require_tls = true;
    } else if (!equals_ignoring_case(member.name, "SIZE") && !equals_ignoring_case(member.name, "BODY")) {
      return wrong(fmt::format("the parameter {} is not known here", member.name));
    }
  }
  return out;
}

std::optional<WallTime> send_time(const smtp::MailParameters& parameters, WallTime now) {
  if (!parameters.hold) return {};
  if (const auto* seconds = std::get_if<std::chrono::seconds>(&*parameters.hold)) return now + *seconds;
  return std::get<WallTime>(*parameters.hold);
}

void add_recipient(std::vector<account::Address>& recipients, account::Address address) {
  if (std::ranges::find(recipients, address) == recipients.end()) recipients.push_back(std::move(address));
}

Settled<Envelope> read_envelope(const Json& json, WallTime now) {
  const auto wrong = [](std::string why) { return invalid_property("envelope", std::move(why)); };
  const Json* from = json.find("mailFrom");
  const Json* to = json.find("rcptTo");
  if (from == nullptr || from->find("email") == nullptr || from->find("email")->as_text() == nullptr ||
      to == nullptr || to->as_array() == nullptr)
    return wrong("an envelope has mailFrom and rcptTo");
  auto sender = read_address(*from->find("email")->as_text(), "invalidProperties");
  if (!sender) return std::unexpected(std::move(sender).error());
  Envelope out{.sender = *std::move(sender)};
  auto parameters = read_parameters(from->find("parameters"), now);
  if (!parameters) return std::unexpected(std::move(parameters).error());
  out.parameters = *std::move(parameters);
  for (const Json& each : *to->as_array()) {
    const Json* email = each.find("email");
    if (email == nullptr || email->as_text() == nullptr) return wrong("a recipient has an email");
    auto address = read_address(*email->as_text(), "invalidRecipients");
    if (!address) return std::unexpected(std::move(address).error());
    add_recipient(out.recipients, *std::move(address));
  }
  return out;
}

/// RFC 8621 §7: To, Cc and Bcc, each once.
Settled<Envelope> envelope_of(const message::Envelope& letter, std::string_view identity) {
  auto sender = read_address(identity, "forbiddenMailFrom");
  if (!sender) return std::unexpected(std::move(sender).error());
  Envelope out{.sender = *std::move(sender)};
  for (const auto* list : {&letter.to, &letter.cc, &letter.bcc}) {
    for (const message::Address& each : *list) {
      if (each.kind != message::Address::Kind::kMailbox) continue;
      auto address = read_address(each.addr_spec(), "invalidRecipients");
      if (!address) return std::unexpected(std::move(address).error());
      add_recipient(out.recipients, *std::move(address));
    }
  }
  return out;
}

Json as_json(const Envelope& envelope, const Json* given) {
  if (given != nullptr) return *given;
  Json to = Json::array();
  for (const account::Address& each : envelope.recipients)
    to.push(Json::object({{"email", Json(each.to_string())}, {"parameters", Json()}}));
  const Json from = Json::object({{"email", Json(envelope.sender.to_string())}, {"parameters", Json()}});
  return Json::object({{"mailFrom", from}, {"rcptTo", to}});
}

class Submitting {
 public:
  explicit Submitting(Call& call) : call_(call) {}

  /// What is to be kept of it. The letter is on its way then.
  net::Task<Settled<Json>> run(const Json& submission) {
    Arguments in(*submission.as_object());
    const std::string_view identity_id = in.required_text("identityId");
    const std::string_view email_id_text = in.required_text("emailId");
    const Json* given = in.value("envelope");
    if (!in.complete()) co_return in.set_error();
    const auto identities = co_await Records::load(call_, kIdentities);
    if (!identities) co_return refused(identities.error());
    const Record* identity = identities->find(call_.resolve(identity_id));
    if (identity == nullptr) co_return invalid_property("identityId", "there is no such identity");
    const auto id = parse_email_id(call_.resolve(email_id_text));
    const auto snapshot = co_await call_.snapshot();
    if (!snapshot) co_return refused(snapshot.error());
    const Email* email = id ? (*snapshot)->find(*id) : nullptr;
    if (email == nullptr) co_return invalid_property("emailId", "there is no such email");
    auto letter = co_await load_letter(call_, *id);
    if (!letter) co_return refused(letter.error());
    if (!*letter) co_return invalid_property("emailId", "there is no such email");

    now_ = call_.services().clock.wall();
    const std::string from = text_of(*identity, "email");
    auto envelope =
        given != nullptr ? read_envelope(*given, now_) : envelope_of((*letter)->facts.envelope, from);
    if (!envelope) co_return std::unexpected(std::move(envelope).error());
    if (auto wrong = co_await judge(*envelope, **letter)) co_return std::unexpected(*std::move(wrong));
    auto sent = co_await send(*envelope, **letter);
    if (!sent) co_return std::unexpected(std::move(sent).error());
    const auto held = send_time(envelope->parameters, now_);
    co_return Json::object({{"identityId", Json(identities->id_of(*identity))},
                            {"emailId", Json(email_id(email->id))},
                            {"threadId", Json(thread_id(email->thread))},
                            {"envelope", as_json(*envelope, given)},
                            {"sendAt", Json(utc_text(held.value_or(now_)))},
                            {"undoStatus", Json(held && *held > now_ ? "pending" : "final")},
                            {"deliveryStatus", *std::move(sent)},
                            {"journey", Json(journey_)}});
  }

 private:
  static std::unexpected<SetError> refused(const Error& error) {
    return std::unexpected(SetError::of(error));
  }

  net::Task<std::optional<SetError>> must_own(account::Address address, std::string_view error) {
    const auto owns = co_await call_.services().router->owns(call_.account(), address);
    if (!owns) co_return SetError::of(owns.error());
    if (*owns) co_return std::nullopt;
    co_return SetError{.type = std::string(error),
                       .description = fmt::format("you may not write as {}", address.to_string())};
  }

  // RFC 8621 §9.6: both the envelope's sender and the letter's author.
  net::Task<std::optional<SetError>> judge(const Envelope& envelope, const StoredLetter& letter) {
    if (envelope.recipients.empty()) co_return SetError{.type = "noRecipients"};
    if (envelope.recipients.size() > kMaxRecipients)
      co_return SetError{.type = "tooManyRecipients", .max = kMaxRecipients};
    if (auto wrong = co_await must_own(envelope.sender, "forbiddenMailFrom")) co_return wrong;
    const auto& authors = letter.facts.envelope.from;
    if (authors.empty())
      co_return SetError{.type = "invalidEmail", .description = "it has no author", .properties = {"from"}};
    for (const message::Address& each : authors) {
      if (each.kind != message::Address::Kind::kMailbox) continue;
      auto address = account::Address::parse(each.addr_spec());
      if (!address)
        co_return SetError{
            .type = "invalidEmail", .description = address.error().detail, .properties = {"from"}};
      if (auto wrong = co_await must_own(*std::move(address), "forbiddenFrom")) co_return wrong;
    }
    co_return std::nullopt;
  }

  delivery::Origin origin() const {
    delivery::Origin out;
    out.profile = smtp::Profile::kSubmission;
    out.protocol = "HTTP";  // RFC 8621 §7.5 leaves the word open; RFC 3848 has none for it
    out.account = call_.account();
    out.login = call_.caller().login;
    return out;
  }

  net::Task<Settled<std::vector<delivery::Route>>> route(const Envelope& envelope) {
    std::vector<delivery::Route> out;
    SetError wrong{.type = "invalidRecipients"};
    for (const account::Address& recipient : envelope.recipients) {
      auto route = co_await call_.services().router->route(recipient, origin());
      if (!route) {
        wrong.recipients.push_back(recipient.to_string());
        wrong.description = route.error().to_string();
        continue;
      }
      out.push_back(*std::move(route));
    }
    if (!wrong.recipients.empty()) co_return std::unexpected(std::move(wrong));
    co_return out;
  }

  /// DeliveryStatus by recipient.
  net::Task<Settled<Json>> send(const Envelope& envelope, const StoredLetter& letter) {
    auto routes = co_await route(envelope);
    if (!routes) co_return std::unexpected(std::move(routes).error());
    LetterBytes stored(call_.mailboxes(), letter.record);
    const auto bytes = co_await stored.read(0, stored.size());
    if (!bytes) co_return refused(bytes.error());
    // Whom else it goes to in secret, nobody is told (RFC 5322 §3.6.3).
    const std::size_t header_size = message::header_size(*bytes);
    std::string text = message::without_fields(bytes->substr(0, header_size), {"Bcc", "Resent-Bcc"});
    delivery::Incoming out;
    out.id = call_.services().journal.new_id();
    out.header = delivery::read_header(text);
    text += std::string_view(*bytes).substr(header_size);
    out.origin = origin();
    out.sender = envelope.sender;
    out.parameters = envelope.parameters;
    out.recipients = *std::move(routes);
    out.fields = delivery::missing_fields(out.header, envelope.sender, call_.services().host_name,
                                          call_.services().clock, call_.services().random);
    if (!out.parameters.hold) out.facts = mailbox::storable_facts(message::read_letter(out.fields + text));
    out.has_8bit = !is_ascii(text);
    out.began = out.arrived = now_;
    const auto writer = call_.services().engine.new_blob();
    if (auto written = co_await writer->write(text); !written) co_return refused(written.error());
    auto staged = co_await writer->finish();
    if (!staged) co_return refused(staged.error());
    out.blob = *std::move(staged);
    journey_ = out.id.to_string();
    const std::vector<smtp::Reply> replies = co_await call_.services().door->take(std::move(out));
    if (std::ranges::none_of(replies, &smtp::Reply::accepted))
      co_return set_error("serverFail",
                          fmt::format("the letter can't be sent now: {}", replies.front().to_string()));
    Json status;
    for (std::size_t i = 0; i < replies.size(); ++i) {
      const char* delivered = replies[i].accepted() ? "unknown" : "no";
      status.set(envelope.recipients[i].to_string(),
                 Json::object({{"smtpReply", Json(replies[i].to_string())},
                               {"delivered", Json(delivered)},
                               {"displayed", Json("unknown")}}));
    }
    co_return status;
  }

  Call& call_;
  WallTime now_ = {};
  std::string journey_;
};

void write_submission(JsonWriter& out, const Records& records, const Record& record, const GetRequest& get,
                      WallTime now) {
  out.begin_object().key("id").text(records.id_of(record));
  for (const Json::Member& member : *record.value.as_object()) {
    if (member.name == "journey" || !get.wants(member.name)) continue;
    out.key(member.name);
    member.name == "undoStatus" ? out.text(undo_status(record, now)) : out.json(member.value);
  }
  for (const std::string_view name : {"dsnBlobIds", "mdnBlobIds"}) {
    if (get.wants(name)) out.key(name).begin_array().end_array();
  }
  out.end_object();
}

/// The one change that there is: to call it back.
net::Task<Settled<void>> cancel(Call& call, Records& records, const Record& record, const Json& patch) {
  Arguments in(*patch.as_object());
  const auto status = in.text("undoStatus");
  if (!in.complete()) co_return in.set_error();
  const WallTime now = call.services().clock.wall();
  if (!status || *status == undo_status(record, now)) co_return Settled<void>();
  if (*status != "canceled") co_return invalid_property("undoStatus", "can only become canceled");
  const auto id = journey::JourneyId::parse(text_of(record, "journey"));
  if (undo_status(record, now) != "pending" || !id || call.services().queue == nullptr)
    co_return set_error("cannotUnsend", "it is on its way already");
  const auto changed = co_await call.services().queue->change({.id = *id}, queue::QueueChange::kDelete,
                                                              "its sender called it back");
  if (!changed) co_return std::unexpected(SetError::of(changed.error()));
  if (changed->changed == 0 || changed->busy > 0)
    co_return set_error("cannotUnsend", "it is on its way already");
  Json value = record.value;
  value.set("undoStatus", Json("canceled"));
  records.set(record, std::move(value));
  co_return Settled<void>();
}

/// "#k1" of onSuccess... is what this call created; anything else is a submission's id.
struct Success {
  std::map<std::string, std::string, std::less<>> emails;  ///< by how the submission was named
};

void follow(Call& call, const Success& success, const Json::Object* updates,
            const std::optional<std::vector<std::string_view>>& destructions) {
  Json update;
  Json destroy = Json::array();
  for (const Json::Member& member : updates != nullptr ? *updates : Json::Object()) {
    const auto found = success.emails.find(member.name);
    if (found != success.emails.end()) update.set(found->second, member.value);
  }
  for (const std::string_view id : destructions.value_or(std::vector<std::string_view>())) {
    const auto found = success.emails.find(id);
    if (found != success.emails.end()) destroy.push(Json(found->second));
  }
  if (update.is_null() && destroy.as_array()->empty()) return;
  Json arguments = Json::object({{"accountId", Json(account_id(call.account()))}});
  if (!update.is_null()) arguments.set("update", std::move(update));
  if (!destroy.as_array()->empty()) arguments.set("destroy", std::move(destroy));
  call.followers.push_back({"Email/set", std::move(arguments)});
}

}  // namespace

Answer run_submission_get(Call& call) {
  Arguments in = call.read();
  const auto get = read_get(call, in, kProperties);
  if (!get) co_return std::unexpected(get.error());
  PABAL_CO_TRY(const Records records, co_await Records::load(call, kSubmissions));
  const WallTime now = call.services().clock.wall();
  JsonWriter out = call.out();
  begin_answer(call, out);
  out.key("state").text(records.state()).key("list").begin_array();
  std::vector<std::string> not_found;
  if (!get->ids) {
    for (const Record& record : records.all()) write_submission(out, records, record, *get, now);
  } else {
    for (const std::string_view id : *get->ids) {
      const Record* record = records.find(id);
      if (record != nullptr) {
        write_submission(out, records, *record, *get, now);
      } else {
        not_found.emplace_back(id);
      }
    }
  }
  out.end_array();
  write_ids(out, "notFound", not_found);
  out.end_object();
  co_return Outcome();
}

Answer run_submission_changes(Call& call) { co_return co_await answer_changes(call, kSubmissions); }

Answer run_submission_set(Call& call) {
  Arguments in = call.read();
  const Json::Object* updates = in.object("onSuccessUpdateEmail");
  const auto destructions = in.texts("onSuccessDestroyEmail");
  const auto request = read_set(call, in);
  if (!request) co_return std::unexpected(request.error());
  PABAL_CO_TRY(Records records, co_await Records::load(call, kSubmissions));
  const std::string old_state = records.state();
  if (auto same = check_state(request->if_in_state, old_state); !same) co_return same;
  SetReport report;
  Success success;
  for (const Json::Member& member : request->create != nullptr ? *request->create : Json::Object()) {
    Settled<Json> sent = set_error("forbidden", "nothing is sent from here");
    if (call.services().door != nullptr && call.services().router != nullptr) {
      Submitting submitting(call);
      sent = co_await submitting.run(member.value);
    }
    if (!sent) {
      report.not_created(member.name, sent.error());
      continue;
    }
    if (records.all().size() >= kMaxRecords) records.erase(records.all().front());
    const Record& record = records.add(*std::move(sent));
    const std::string id = records.id_of(record);
    JsonWriter& out = report.begin_created(member.name).key("id").text(id);
    out.key("threadId").text(text_of(record, "threadId")).key("sendAt").text(text_of(record, "sendAt"));
    out.key("undoStatus").text(text_of(record, "undoStatus")).end_object();
    call.note_created(member.name, id);
    success.emails["#" + member.name] = text_of(record, "emailId");
    // It is on its way: what is noted of it must not wait for the next one.
    PABAL_CO_TRY_VOID(co_await records.store(call));
  }
  for (const Json::Member& member : request->update != nullptr ? *request->update : Json::Object()) {
    const Record* record = records.find(call.resolve(member.name));
    Settled<void> done = set_error("notFound");
    if (record != nullptr) {
      success.emails[member.name] = text_of(*record, "emailId");
      done = co_await cancel(call, records, *record, member.value);
    }
    if (done) {
      report.updated(member.name);
    } else {
      success.emails.erase(member.name);
      report.not_updated(member.name, done.error());
    }
  }
  for (const std::string_view id : request->destroy) {
    const Record* record = records.find(call.resolve(id));
    if (record == nullptr) {
      report.not_destroyed(id, {.type = "notFound"});
      continue;
    }
    success.emails[std::string(id)] = text_of(*record, "emailId");
    records.erase(*record);
    report.destroyed(id);
  }
  PABAL_CO_TRY_VOID(co_await records.store(call));
  report.write(call, old_state, records.state());
  follow(call, success, updates, destructions);
  co_return Outcome();
}

Answer run_submission_query(Call& call) {
  constexpr std::string_view kSorts[] = {"emailId", "threadId", "sentAt"};
  Arguments in = call.read();
  const QueryWindow window = read_window(in);
  const auto sort = read_sort(in, kSorts);
  const Json::Object* filter = in.object("filter");
  if (!sort) co_return std::unexpected(sort.error());
  if (!in.complete()) co_return in.error();
  const Json::Object nothing;
  Arguments wanted(filter != nullptr ? *filter : nothing);
  const auto identities = wanted.texts("identityIds");
  const auto emails = wanted.texts("emailIds");
  const auto threads = wanted.texts("threadIds");
  const auto status = wanted.text("undoStatus");
  const auto before = wanted.utc_date("before");
  const auto after = wanted.utc_date("after");
  if (!wanted.complete()) co_return method_error("unsupportedFilter", wanted.error().error().description);
  PABAL_CO_TRY(const Records records, co_await Records::load(call, kSubmissions));
  const WallTime now = call.services().clock.wall();
  const auto is_among = [](const auto& names, const std::string& name) {
    return !names || std::ranges::find(*names, name) != names->end();
  };
  std::vector<const Record*> found;
  for (const Record& record : records.all()) {
    const auto send_at = parse_utc_date(text_of(record, "sendAt"));
    if (is_among(identities, text_of(record, "identityId")) && is_among(emails, text_of(record, "emailId")) &&
        is_among(threads, text_of(record, "threadId")) && (!status || *status == undo_status(record, now)) &&
        (!before || (send_at && *send_at < *before)) && (!after || (send_at && *send_at >= *after)))
      found.push_back(&record);
  }
  std::ranges::sort(found, [&](const Record* a, const Record* b) {
    for (const Comparator& each : *sort) {
      const std::string_view name = each.property == "sentAt" ? "sendAt" : each.property;
      const int order = text_of(*a, name).compare(text_of(*b, name));
      if (order != 0) return each.ascending ? order < 0 : order > 0;
    }
    return a->number < b->number;
  });
  std::optional<std::size_t> anchor;
  for (std::size_t i = 0; window.anchor && i < found.size(); ++i) {
    if (records.id_of(*found[i]) == *window.anchor) anchor = i;
  }
  const auto part = apply_window(window, found.size(), anchor, found.size());
  if (!part) co_return std::unexpected(part.error());
  const std::string state = records.state();
  write_query(call, window,
              {.state = state,
               .can_calculate_changes = false,
               .size = found.size(),
               .window = *part,
               .id_at = [&](std::size_t at) { return records.id_of(*found[at]); }});
  co_return Outcome();
}

Answer run_submission_query_changes(Call& call) {
  Arguments in = call.read();
  for (const std::string_view name : {"filter", "sort", "maxChanges", "upToId", "calculateTotal"})
    in.pass_over(name);
  static_cast<void>(in.required_text("sinceQueryState"));
  if (!in.complete()) co_return in.error();
  co_return method_error("cannotCalculateChanges");
}

}  // namespace pabal::jmap::detail
