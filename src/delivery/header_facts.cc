#include "delivery/header_facts.h"

#include <algorithm>

#include "message/address_list.h"
#include "message/date.h"
#include "message/header.h"
#include "message/message_id.h"

namespace pabal::delivery {

namespace {

// More were added by nobody but a loop or a joker.
constexpr std::size_t kMaxDeliveredTo = 100;
constexpr std::size_t kMaxFrom = 100;
constexpr std::size_t kMaxSubjectBytes = 200;

void read_from(std::string_view value, HeaderFacts& facts) {
  facts.has_from = true;
  for (const message::Address& author : message::parse_address_list(value)) {
    if (author.kind != message::Address::Kind::kMailbox || facts.from.size() >= kMaxFrom) continue;
    facts.from.push_back(author.addr_spec());
  }
}

void read_field(const message::Field& field, HeaderFacts& facts) {
  if (field.is("Received")) {
    ++facts.received_lines;
  } else if (field.is("Message-ID")) {
    auto ids = message::parse_message_ids(field.value);
    if (facts.message_id.empty() && !ids.empty()) facts.message_id = std::move(ids.front());
  } else if (field.is("From")) {
    read_from(field.value, facts);
  } else if (field.is("Date")) {
    facts.has_date = true;
  } else if (field.is("Bcc")) {
    facts.has_bcc = true;
  } else if (field.is("Subject")) {
    facts.subject = message::unfold(field.value).substr(0, kMaxSubjectBytes);
  } else if (field.is("Delivered-To") && facts.delivered_to.size() < kMaxDeliveredTo) {
    facts.delivered_to.push_back(message::unfold(field.value));
  }
}

}  // namespace

bool HeaderFacts::was_delivered_to(const account::Address& address) const {
  return std::ranges::any_of(delivered_to, [&](const std::string& text) {
    const auto before = account::Address::parse(text);
    return before && before->key() == address.key();
  });
}

HeaderFacts read_header(std::string_view header) {
  HeaderFacts facts;
  facts.is_empty = header.empty();
  message::FieldReader fields(header);
  while (const auto field = fields.next()) read_field(*field, facts);
  return facts;
}

std::string missing_fields(const HeaderFacts& facts, const account::Address& author,
                           std::string_view host_name, const Clock& clock, Random& random) {
  std::string out;
  if (!facts.has_date) out += fmt::format("Date: {}\r\n", message::format_date(clock.wall()));
  if (!facts.has_from) out += fmt::format("From: {}\r\n", author.to_string());
  if (facts.message_id.empty()) {
    out += fmt::format("Message-ID: <{}>\r\n", message::make_message_id(random, clock, host_name));
  }
  return out;
}

}  // namespace pabal::delivery
