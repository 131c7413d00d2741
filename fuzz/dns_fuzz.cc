// What comes from the DNS, and the static resolver's zone text.
#include "net/dns.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "net/dns_static.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace pabal::net;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  DnsAnswer answer;
  answer.records.emplace_back(input);
  addresses_of(answer);
  mail_exchanges_of(answer);
  texts_of(answer);
  tlsa_records_of(answer);
  for (const std::string& name : names_of(answer)) PABAL_CHECK(name.size() <= 253);
  if (const auto name = normalise_dns_name(input)) PABAL_CHECK(normalise_dns_name(*name) == name);
  std::ignore = StaticResolver::parse(input);
  return 0;
}
