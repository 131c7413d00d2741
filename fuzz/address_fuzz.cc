// Mail addresses: whatever is accepted has one spelling, and that spelling means the same again.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "account/address.h"
#include "account/address_grammar.h"
#include "base/check.h"

using namespace pabal;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);

  Cursor in(input);
  const auto mailbox = account::parse_mailbox(in);
  PABAL_CHECK(mailbox.has_value() == (in.position() > 0));
  PABAL_CHECK(in.position() <= account::kMaxMailboxBytes);

  if (const auto domain = account::DomainName::parse(input)) {
    PABAL_CHECK(account::DomainName::parse(domain->ascii()) == *domain);
    // What is shown leads back to the same domain.
    PABAL_CHECK(account::DomainName::parse(domain->unicode()) == *domain);
  }
  const auto address = account::Address::parse(input);
  if (!address) return 0;
  const auto again = account::Address::parse(address->to_string());
  PABAL_CHECK(again && *again == *address && again->key() == address->key());
  // The key is a fixed point: a key that is filed and read back finds itself.
  const auto key = account::Address::from_parts(address->local_key(), address->domain());
  if (key) PABAL_CHECK(key->local_key() == address->local_key());
  const auto split = account::split_subaddress(*address, '+');
  if (split) PABAL_CHECK(split->base.local_part() + "+" + split->tag == address->local_part());
  return 0;
}
