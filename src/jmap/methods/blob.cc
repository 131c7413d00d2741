// Blob/upload, /get and /lookup (RFC 9404), Blob/copy (RFC 8620 §6.3), and Quota/get (RFC 9425).
#include <algorithm>

#include "base/digest.h"
#include "base/encoding.h"
#include "base/utf8.h"
#include "jmap/detail/letter_bytes.h"
#include "jmap/detail/standard.h"
#include "jmap/detail/uploads.h"
#include "jmap/methods/families.h"

namespace pabal::jmap::detail {
namespace {

constexpr std::size_t kMaxSources = 64;

net::Task<Settled<std::string>> read_source(Call& call, const Json& json) {
  const auto wrong = [](std::string why) { return invalid_property("data", std::move(why)); };
  if (json.as_object() == nullptr) co_return wrong("a source is an object");
  Arguments in(*json.as_object());
  const auto text = in.text("data:asText");
  const auto base64 = in.text("data:asBase64");
  const auto id = in.text("blobId");
  const auto offset = in.unsigned_integer("offset").value_or(0);
  const auto length = in.unsigned_integer("length");
  if (!in.complete()) co_return wrong(in.error().error().description);
  if ((text ? 1 : 0) + (base64 ? 1 : 0) + (id ? 1 : 0) != 1) co_return wrong("a source is of one kind");
  if (text) co_return std::string(*text);
  if (base64) {
    auto bytes = from_base64(*base64);
    if (!bytes) co_return wrong("that is no base64");
    co_return *std::move(bytes);
  }
  const auto name = parse_blob_id(call.resolve(*id));
  std::optional<std::string> content;
  if (name) {
    auto loaded = co_await load_blob(call, *name);
    if (!loaded) co_return std::unexpected(SetError::of(loaded.error()));
    content = *std::move(loaded);
  }
  if (!content) co_return std::unexpected(SetError{.type = "blobNotFound", .not_found = {std::string(*id)}});
  if (offset > content->size() || (length && *length > content->size() - offset))
    co_return wrong("the blob is shorter");
  co_return content->substr(offset, length.value_or(std::string::npos));
}

net::Task<Settled<Upload>> upload(Call& call, const Json& record) {
  Arguments in(*record.as_object());
  const Json::Array* sources = in.array("data");
  static_cast<void>(in.text("type"));
  if (sources == nullptr || sources->empty()) in.spoil("data", "is missing");
  if (!in.complete()) co_return in.set_error();
  if (sources->size() > kMaxSources) co_return invalid_property("data", "there are too many sources");
  const auto writer = call.services().engine.new_blob();
  std::uint64_t bytes = 0;
  for (const Json& source : *sources) {
    const auto piece = co_await read_source(call, source);
    if (!piece) co_return std::unexpected(piece.error());
    bytes += piece->size();
    if (bytes > call.limits().max_size_upload)
      co_return std::unexpected(SetError{.type = "tooLarge", .max = call.limits().max_size_upload});
    if (auto written = co_await writer->write(*piece); !written)
      co_return std::unexpected(SetError::of(written.error()));
  }
  auto staged = co_await writer->finish();
  if (!staged) co_return std::unexpected(SetError::of(staged.error()));
  auto kept = co_await keep_upload(call.services(), call.account(), *std::move(staged));
  if (!kept) co_return std::unexpected(SetError::of(kept.error()));
  co_return *kept;
}

/// What of a blob is asked for.
struct Wanted {
  bool data = true, text = false, base64 = false, size = true, digest = false;
  std::uint64_t offset = 0;
  std::optional<std::uint64_t> length;
};

void write_blob(JsonWriter& out, std::string_view id, const std::string& content, const Wanted& wanted) {
  const std::uint64_t begin = std::min<std::uint64_t>(wanted.offset, content.size());
  const std::uint64_t left = content.size() - begin;
  const bool cut = wanted.offset > content.size() || (wanted.length && *wanted.length > left);
  const std::string_view part =
      std::string_view(content).substr(begin, wanted.length ? std::min(*wanted.length, left) : left);
  const bool is_text = is_utf8(part);
  out.begin_object().key("id").text(id);
  if (wanted.text || wanted.data) {
    if (is_text) {
      out.key("data:asText").text(part);
    } else if (wanted.text) {
      out.key("data:asText").null();
    }
    if (!is_text) out.key("isEncodingProblem").flag(true);
  }
  if (wanted.base64 || (wanted.data && !is_text)) out.key("data:asBase64").text(to_base64(part));
  if (wanted.digest) {
    const Sha256::Digest digest = Sha256::of(part);
    out.key("digest:sha-256").text(to_base64({digest.data(), digest.size()}));
  }
  if (cut) out.key("isTruncated").flag(true);
  if (wanted.size) out.key("size").number(content.size());
  out.end_object();
}

}  // namespace

Answer run_blob_upload(Call& call) {
  Arguments in = call.read();
  const Json::Object* create = in.object("create");
  if (create == nullptr) in.spoil("create", "is missing");
  if (create != nullptr &&
      std::ranges::any_of(*create, [](const auto& each) { return !each.value.as_object(); }))
    in.spoil("create", "every record in it must be an object");
  if (!in.complete()) co_return in.error();
  if (create->size() > call.limits().max_objects_in_set) co_return method_error("requestTooLarge");
  SetReport report;
  for (const Json::Member& member : *create) {
    const auto kept = co_await upload(call, member.value);
    if (!kept) {
      report.not_created(member.name, kept.error());
      continue;
    }
    const std::string id = blob_id({kept->content, {}});
    const Json* type = member.value.find("type");
    JsonWriter& out = report.begin_created(member.name).key("id").text(id).key("blobId").text(id);
    out.key("type").text(type != nullptr && type->as_text() != nullptr ? *type->as_text()
                                                                       : "application/octet-stream");
    out.key("size").number(kept->size_bytes).end_object();
    call.note_created(member.name, id);
  }
  const std::string state = "0";  // blobs have none
  report.write(call, state, state);
  co_return Outcome();
}

Answer run_blob_get(Call& call) {
  constexpr std::string_view kProperties[] = {"id",  "data", "data:asText", "data:asBase64", "digest:sha-256",
                                              "size"};
  Arguments in = call.read();
  Wanted wanted{.length = in.unsigned_integer("length")};
  wanted.offset = in.unsigned_integer("offset").value_or(0);
  const auto get = read_get(call, in, kProperties);
  if (!get) co_return std::unexpected(get.error());
  if (!get->ids) co_return method_error("requestTooLarge", "say which blobs");
  if (get->properties) {
    wanted.data = get->wants("data");
    wanted.text = get->wants("data:asText");
    wanted.base64 = get->wants("data:asBase64");
    wanted.size = get->wants("size");
    wanted.digest = get->wants("digest:sha-256");
  }
  JsonWriter out = call.out();
  begin_answer(call, out);
  out.key("list").begin_array();
  std::vector<std::string> not_found;
  for (const std::string_view id : *get->ids) {
    const auto name = parse_blob_id(id);
    std::optional<std::string> content;
    if (name) {
      PABAL_CO_TRY(content, co_await load_blob(call, *name));
    }
    if (content) {
      write_blob(out, id, *content, wanted);
    } else {
      not_found.emplace_back(id);
    }
    if (call.answer_is_full())
      co_return method_error("requestTooLarge", "ask for fewer, or for less of them");
  }
  out.end_array();
  write_ids(out, "notFound", not_found);
  out.end_object();
  co_return Outcome();
}

// Uploads are in nothing; a letter's blob, and those of its parts, are in its Email.
Answer run_blob_lookup(Call& call) {
  Arguments in = call.read();
  const auto types = in.texts("typeNames");
  const auto ids = in.texts("ids");
  if (!types) in.spoil("typeNames", "is missing");
  if (!ids) in.spoil("ids", "is missing");
  if (!in.complete()) co_return in.error();
  for (const std::string_view type : *types) {
    if (type != "Email" && type != "Mailbox" && type != "Thread")
      co_return method_error("unknownDataType", fmt::format("{} is not known here", type));
  }
  PABAL_CO_TRY(const SnapshotRef now, co_await call.snapshot());
  JsonWriter out = call.out();
  begin_answer(call, out);
  out.key("list").begin_array();
  std::vector<std::string> not_found;
  for (const std::string_view id : *ids) {
    const auto name = parse_blob_id(call.resolve(id));
    const auto* letter = name ? std::get_if<mailbox::LetterId>(&name->of) : nullptr;
    const Email* email = letter != nullptr ? now->find(*letter) : nullptr;
    bool known = email != nullptr;
    if (name && !letter) {
      PABAL_CO_TRY(const auto upload, co_await find_upload(call, std::get<store::BlobId>(name->of)));
      known = upload.has_value();
    }
    if (!known) {
      not_found.emplace_back(id);
      continue;
    }
    out.begin_object().key("id").text(id).key("matchedIds").begin_object();
    for (const std::string_view type : *types) {
      out.key(type).begin_array();
      if (email != nullptr && type == "Email") out.text(email_id(email->id));
      if (email != nullptr && type == "Thread") out.text(thread_id(email->thread));
      mailbox::FolderId before;
      for (const Place& place :
           email != nullptr && type == "Mailbox" ? now->places(*email) : std::span<const Place>()) {
        if (place.folder != before) out.text(mailbox_id(place.folder));
        before = place.folder;
      }
      out.end_array();
    }
    out.end_object().end_object();
  }
  out.end_array();
  write_ids(out, "notFound", not_found);
  out.end_object();
  co_return Outcome();
}

// One limit an account: the bytes of its letters.
Answer run_quota_get(Call& call) {
  constexpr std::string_view kProperties[] = {"id",        "resourceType", "used",  "hardLimit",
                                              "scope",     "name",         "types", "warnLimit",
                                              "softLimit", "description"};
  Arguments in = call.read();
  const auto get = read_get(call, in, kProperties);
  if (!get) co_return std::unexpected(get.error());
  PABAL_CO_TRY(const mailbox::ModSeq state, co_await call.mailboxes().sync(call.account()));
  PABAL_CO_TRY(const mailbox::Counters counters, co_await call.mailboxes().load_counters(call.account()));
  PABAL_CO_TRY(const account::QuotaLimit limit,
               co_await call.services().directory.load_quota_limit(call.account()));
  const auto bytes = limit.bytes();
  JsonWriter out = call.out();
  begin_answer(call, out);
  out.key("state").text(fmt::format("{}-{}", state, bytes.value_or(0))).key("list").begin_array();
  std::vector<std::string> not_found;
  const bool asked = !get->ids || std::ranges::find(*get->ids, "Q1") != get->ids->end();
  if (bytes && asked) {
    out.begin_object().key("id").text("Q1");
    if (get->wants("resourceType")) out.key("resourceType").text("octets");
    if (get->wants("used")) out.key("used").number(counters.used_bytes);
    if (get->wants("hardLimit")) out.key("hardLimit").number(*bytes);
    if (get->wants("scope")) out.key("scope").text("account");
    if (get->wants("name")) out.key("name").text(call.caller().login);
    if (get->wants("types")) out.key("types").begin_array().text("Email").end_array();
    for (const std::string_view name : {"warnLimit", "softLimit", "description"}) {
      if (get->wants(name)) out.key(name).null();
    }
    out.end_object();
  }
  out.end_array();
  for (const std::string_view id : get->ids.value_or(std::vector<std::string_view>())) {
    if (id != "Q1" || !bytes) not_found.emplace_back(id);
  }
  write_ids(out, "notFound", not_found);
  out.end_object();
  co_return Outcome();
}

}  // namespace pabal::jmap::detail
