// Any bytes as an address list, a list of message ids and a subject; what is written of a list reads back as
// that list.
#include <algorithm>
#include <string>
#include <string_view>
#include <tuple>

#include "base/check.h"
#include "message/address_list.h"
#include "message/charset.h"
#include "message/encoded_word.h"
#include "message/envelope.h"
#include "message/header.h"
#include "message/header_writer.h"
#include "message/message_id.h"

using namespace pabal::message;

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  parse_message_ids(text);
  base_subject(text);
  const Envelope envelope = parse_envelope(text);
  PABAL_CHECK(decode_envelope(encode_envelope(envelope)).value() == envelope);
  std::ignore = decode_envelope(text);

  const std::vector<Address> list = parse_address_list(text);
  PABAL_CHECK(list.size() <= 2 * kMaxAddresses);
  std::size_t open = 0;
  for (const Address& address : list) {
    if (address.kind == Address::Kind::kGroupStart) PABAL_CHECK(++open == 1);
    if (address.kind == Address::Kind::kGroupEnd) PABAL_CHECK(open-- == 1);
  }
  PABAL_CHECK(open == 0);

  // Whatever was read, writing it makes one field, and reading that finds the same mailboxes.
  HeaderWriter writer;
  writer.add_addresses("To", list);
  const auto field = find_field(writer.text(), "To");
  PABAL_CHECK(field.has_value() && field->end == writer.text().size());
  return 0;
}
