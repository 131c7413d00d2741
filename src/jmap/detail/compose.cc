#include "jmap/detail/compose.h"

#include <algorithm>
#include <set>

#include "base/ascii.h"
#include "base/utf8.h"
#include "jmap/detail/header_forms.h"
#include "jmap/detail/letter_bytes.h"
#include "message/builder.h"
#include "message/charset.h"
#include "message/header.h"
#include "message/header_writer.h"
#include "message/message_id.h"

namespace pabal::jmap::detail {
namespace {

using message::Address;
using message::Entity;

constexpr std::size_t kMaxParts = 1000;
constexpr std::size_t kMaxDepth = 32;

struct Convenience {
  std::string_view property;
  std::string_view field;
  HeaderForm form;
};
constexpr Convenience kConvenience[] = {
    {"from", "From", HeaderForm::kAddresses},
    {"sender", "Sender", HeaderForm::kAddresses},
    {"replyTo", "Reply-To", HeaderForm::kAddresses},
    {"to", "To", HeaderForm::kAddresses},
    {"cc", "Cc", HeaderForm::kAddresses},
    {"bcc", "Bcc", HeaderForm::kAddresses},
    {"subject", "Subject", HeaderForm::kText},
    {"sentAt", "Date", HeaderForm::kDate},
    {"messageId", "Message-ID", HeaderForm::kMessageIds},
    {"inReplyTo", "In-Reply-To", HeaderForm::kMessageIds},
    {"references", "References", HeaderForm::kMessageIds},
};

bool has_line_end(std::string_view text) {
  return text.find('\r') != std::string_view::npos || text.find('\n') != std::string_view::npos;
}

/// A line end that is no fold.
bool begins_another_field(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char next = i + 1 < text.size() ? text[i + 1] : '\0';
    if (text[i] == '\r' && next != '\n') return true;
    if (text[i] == '\n' && next != ' ' && next != '\t') return true;
  }
  return false;
}

std::optional<Address> read_address(const Json& json) {
  if (json.as_object() == nullptr) return {};
  Arguments in(*json.as_object());
  const auto name = in.text("name");
  const auto email = in.text("email");
  if (!in.complete() || !email || has_line_end(*email) || has_line_end(name.value_or(""))) return {};
  Address out{.name = std::string(name.value_or(""))};
  const std::size_t sign = email->rfind('@');
  out.local_part = email->substr(0, sign);
  if (sign != std::string_view::npos) out.domain = email->substr(sign + 1);
  return out;
}

std::optional<std::vector<Address>> read_addresses(const Json& json) {
  std::vector<Address> out;
  if (json.as_array() == nullptr) return {};
  for (const Json& item : *json.as_array()) {
    auto address = read_address(item);
    if (!address) return {};
    out.push_back(*std::move(address));
  }
  return out;
}

std::optional<std::vector<Address>> read_groups(const Json& json) {
  std::vector<Address> out;
  if (json.as_array() == nullptr) return {};
  for (const Json& item : *json.as_array()) {
    const Json* addresses = item.find("addresses");
    const Json* name = item.find("name");
    auto members = addresses != nullptr ? read_addresses(*addresses) : std::nullopt;
    if (!members) return {};
    const bool named = name != nullptr && name->as_text() != nullptr;
    if (named) out.push_back({.kind = Address::Kind::kGroupStart, .name = *name->as_text()});
    out.insert(out.end(), members->begin(), members->end());
    if (named) out.push_back({.kind = Address::Kind::kGroupEnd});
  }
  return out;
}

std::optional<std::vector<std::string>> read_texts(const Json& json) {
  std::vector<std::string> out;
  if (json.as_array() == nullptr) return {};
  for (const Json& item : *json.as_array()) {
    if (item.as_text() == nullptr || has_line_end(*item.as_text())) return {};
    out.push_back(*item.as_text());
  }
  return out;
}

std::optional<message::DateTime> read_date(const Json& json) {
  const auto date = json.as_text() != nullptr ? parse_zoned_date(*json.as_text()) : std::nullopt;
  if (!date) return {};
  return message::DateTime{.utc = date->utc, .offset = date->offset};
}

/// One field in one form. False: the value is not of that form.
bool write_field(message::HeaderWriter& out, std::string_view name, HeaderForm form, const Json& value) {
  switch (form) {
    case HeaderForm::kRaw: {
      // As the client wrote it, with its folds; nothing in it may begin another field.
      if (value.as_text() == nullptr || begins_another_field(*value.as_text())) return false;
      const std::string text = message::unfold(*value.as_text());
      out.add_structured(name, text);
      return true;
    }
    case HeaderForm::kText:
      if (value.as_text() == nullptr) return false;
      out.add_text(name, *value.as_text());
      return true;
    case HeaderForm::kAddresses:
    case HeaderForm::kGroupedAddresses: {
      const auto list = form == HeaderForm::kAddresses ? read_addresses(value) : read_groups(value);
      if (list) out.add_addresses(name, *list);
      return list.has_value();
    }
    case HeaderForm::kMessageIds: {
      const auto ids = read_texts(value);
      if (ids) out.add_message_ids(name, *ids);
      return ids.has_value();
    }
    case HeaderForm::kDate: {
      const auto date = read_date(value);
      if (date) out.add_date(name, *date);
      return date.has_value();
    }
    case HeaderForm::kUrls:
      break;
  }
  const auto urls = read_texts(value);
  if (!urls) return false;
  std::string text;
  for (const std::string& url : *urls) text += fmt::format("{}<{}>", text.empty() ? "" : ", ", url);
  out.add_structured(name, text);
  return true;
}

class Composer {
 public:
  Composer(Call& call, const Json& email, Arguments& in) : call_(call), email_(email), in_(in) {}

  net::Task<Settled<std::string>> run() {
    write_header();
    values_ = in_.object("bodyValues");
    check_values();
    auto body = co_await read_body();
    if (!body) co_return std::unexpected(std::move(body).error());
    if (!in_.complete()) co_return in_.set_error();
    if (!missing_.empty())
      co_return std::unexpected(SetError{.type = "blobNotFound", .not_found = std::move(missing_)});
    co_return message::build_letter(header_.take(), *body, call_.services().random, {.allow_8bit = true});
  }

 private:
  void write_header() {
    std::set<std::string> seen;
    const auto once = [&](std::string_view field, std::string_view property) {
      if (seen.insert(to_lower(field)).second) return true;
      in_.spoil(property, "the same header field is set twice");
      return false;
    };
    for (const Convenience& each : kConvenience) {
      const Json* value = in_.value(each.property);
      if (value == nullptr || !once(each.field, each.property)) continue;
      if (!write_field(header_, each.field, each.form, *value))
        in_.spoil(each.property, "has the wrong type");
    }
    for (const Json::Member& member : *email_.as_object()) {
      if (!member.name.starts_with("header:")) continue;
      const Json* value = in_.value(member.name);
      const auto property = parse_header_property(member.name);
      if (!property || equals_ignoring_case(property->name.substr(0, 8), "content-")) {
        in_.spoil(member.name, "may not be set");
        continue;
      }
      if (value == nullptr || !once(property->name, member.name)) continue;
      write_property(*property, *value);
    }
    if (!seen.contains("date"))
      header_.add_date("Date",
                       {.utc = std::chrono::floor<std::chrono::seconds>(call_.services().clock.wall())});
    if (!seen.contains("message-id")) {
      const std::string& login = call_.caller().login;
      const std::size_t sign = login.rfind('@');
      const std::string id = message::make_message_id(
          call_.services().random, call_.services().clock,
          sign != std::string::npos ? std::string_view(login).substr(sign + 1) : call_.services().host_name);
      header_.add_message_ids("Message-ID", std::span(&id, 1));
    }
  }

  void write_property(const HeaderProperty& property, const Json& value) {
    bool sound = true;
    if (!property.all) {
      sound = write_field(header_, property.name, property.form, value);
    } else if (value.as_array() == nullptr) {
      sound = false;
    } else {
      for (const Json& each : *value.as_array())
        sound = sound && write_field(header_, property.name, property.form, each);
    }
    if (!sound) in_.spoil(property.property, "has the wrong type");
  }

  void check_values() {
    if (values_ == nullptr) return;
    for (const Json::Member& member : *values_) {
      const auto is_false = [&](std::string_view name) {
        const Json* flag = member.value.find(name);
        return flag == nullptr || (flag->as_bool() != nullptr && !*flag->as_bool());
      };
      const Json* text = member.value.find("value");
      if (text == nullptr || text->as_text() == nullptr || !is_false("isEncodingProblem") ||
          !is_false("isTruncated"))
        in_.spoil("bodyValues", "has a value that is none");
    }
  }

  net::Task<Settled<Entity>> read_body() {
    const Json::Object* structure = in_.object("bodyStructure");
    const Json::Array* text = in_.array("textBody");
    const Json::Array* html = in_.array("htmlBody");
    const Json::Array* attachments = in_.array("attachments");
    if (structure != nullptr) {
      if (text != nullptr || html != nullptr || attachments != nullptr)
        in_.spoil("bodyStructure", "is not set beside textBody, htmlBody or attachments");
      co_return co_await read_part(*email_.find("bodyStructure"), "bodyStructure", 0);
    }
    std::vector<Entity> shown;
    for (const auto& [list, name, type] :
         {std::tuple(text, "textBody", "plain"), std::tuple(html, "htmlBody", "html")}) {
      if (list == nullptr) continue;
      if (list->size() != 1) {
        in_.spoil(name, "must be one part");
        continue;
      }
      auto part = co_await read_part(list->front(), name, 0, type);
      if (!part) co_return std::unexpected(std::move(part).error());
      if (part->type != "text" || part->subtype != type)
        in_.spoil(name, fmt::format("must be text/{}", type));
      shown.push_back(*std::move(part));
    }
    Entity body = shown.empty()       ? Entity::text("")
                  : shown.size() == 1 ? std::move(shown.front())
                                      : Entity::multipart("alternative", std::move(shown));
    if (attachments == nullptr || attachments->empty()) co_return body;
    std::vector<Entity> related;
    std::vector<Entity> mixed;
    for (const Json& each : *attachments) {
      auto part = co_await read_part(each, "attachments", 0);
      if (!part) co_return std::unexpected(std::move(part).error());
      const bool shown_within = part->disposition == "inline" && !part->content_id.empty();
      if (part->disposition.empty()) part->disposition = "attachment";
      (shown_within ? related : mixed).push_back(*std::move(part));
    }
    if (!related.empty()) {
      related.insert(related.begin(), std::move(body));
      body = Entity::multipart("related", std::move(related));
    }
    if (mixed.empty()) co_return body;
    mixed.insert(mixed.begin(), std::move(body));
    co_return Entity::multipart("mixed", std::move(mixed));
  }

  const std::string* find_value(std::string_view part_id) const {
    if (values_ == nullptr) return nullptr;
    for (const Json::Member& member : *values_) {
      if (member.name == part_id && member.value.find("value") != nullptr)
        return member.value.find("value")->as_text();
    }
    return nullptr;
  }

  net::Task<Settled<Entity>> read_part(const Json& json, std::string_view where, std::size_t depth,
                                       std::string_view text_type = {}) {
    Entity out;
    if (json.as_object() == nullptr || depth > kMaxDepth || ++parts_ > kMaxParts) {
      in_.spoil(where, "has a part that is none");
      co_return out;
    }
    Arguments in(*json.as_object());
    const auto type = in.text("type");
    const auto part_id = in.text("partId");
    const auto id = in.text("blobId");
    const Json::Array* children = in.array("subParts");
    out.disposition = to_lower(in.text("disposition").value_or(""));
    out.file_name = in.text("name").value_or("");
    out.content_id = in.text("cid").value_or("");
    const auto charset = in.text("charset");
    for (const std::string_view name : {"size", "language", "location"}) in.pass_over(name);
    if (type) {
      const std::size_t slash = type->find('/');
      out.type = to_lower(type->substr(0, slash));
      out.subtype = slash != std::string_view::npos ? to_lower(type->substr(slash + 1)) : "";
      const auto is_token = [](std::string_view text) {
        return !text.empty() && std::ranges::all_of(text, [](char c) {
          return is_alnum(c) || std::string_view("!#$&-^_.+").find(c) != std::string_view::npos;
        });
      };
      if (!is_token(out.type) || !is_token(out.subtype)) in.spoil("type", "is none");
    } else if (!text_type.empty()) {
      out.subtype = text_type;
    } else if (children != nullptr) {
      out.type = "multipart", out.subtype = "mixed";
    }
    if (has_line_end(out.disposition) || has_line_end(out.content_id)) in.spoil("cid", "has a line end");
    if (part_id && id) in.spoil("partId", "is not set beside blobId");
    if (part_id && (charset || in.has("size"))) in.spoil("charset", "is not set beside partId");
    if (!in.complete()) {
      in_.spoil(where, in.error().error().description);
      co_return out;
    }
    if (children != nullptr) {
      if (out.type != "multipart" || children->empty()) in_.spoil(where, "only a multipart has parts within");
      for (const Json& child : *children) {
        auto part = co_await read_part(child, where, depth + 1);
        if (!part) co_return std::unexpected(std::move(part).error());
        out.parts.push_back(*std::move(part));
      }
      co_return out;
    }
    if (out.type == "multipart") {
      in_.spoil(where, "a multipart has parts within");
    } else if (part_id) {
      const std::string* value = find_value(*part_id);
      if (value == nullptr || out.type != "text") {
        in_.spoil(where, fmt::format("the text {} is not in bodyValues", *part_id));
      } else {
        out.content = *value;
      }
    } else if (id) {
      co_return co_await attach(std::move(out), *id, charset);
    } else {
      in_.spoil(where, "a part has a partId or a blobId");
    }
    co_return out;
  }

  net::Task<Settled<Entity>> attach(Entity part, std::string_view id,
                                    std::optional<std::string_view> charset) {
    const auto name = parse_blob_id(call_.resolve(id));
    std::optional<std::string> content;
    if (name) {
      auto loaded = co_await load_blob(call_, *name);
      if (!loaded) co_return std::unexpected(SetError::of(loaded.error()));
      content = *std::move(loaded);
    }
    if (!content) {
      missing_.emplace_back(id);
      co_return part;
    }
    bytes_ += content->size();
    if (bytes_ > call_.limits().max_size_upload)
      co_return std::unexpected(SetError{.type = "tooLarge", .max = call_.limits().max_size_upload});
    if (part.type == "text") {
      if (charset) content = message::to_utf8(*content, *charset);
      // Text in a charset that nobody told is bytes: they stay as they are.
      if (!is_utf8(*content)) part.type = "application", part.subtype = "octet-stream";
    }
    Entity out = Entity::bytes(part.type, part.subtype, *std::move(content));
    out.disposition = std::move(part.disposition);
    out.file_name = std::move(part.file_name);
    out.content_id = std::move(part.content_id);
    co_return out;
  }

  Call& call_;
  const Json& email_;
  Arguments& in_;
  const Json::Object* values_ = nullptr;
  message::HeaderWriter header_;
  std::vector<std::string> missing_;
  std::size_t parts_ = 0;
  std::uint64_t bytes_ = 0;
};

}  // namespace

net::Task<Settled<std::string>> compose_letter(Call& call, const Json& email, Arguments& in) {
  Composer composer(call, email, in);
  co_return co_await composer.run();
}

}  // namespace pabal::jmap::detail
