// The embedded store's decoders over any bytes: records of a group, headers of the journal, keys and
// values of the index. What they accept must come back as it was written.
#include <cstdlib>

#include "store/rocksdb/record.h"
#include "store/rocksdb/segment.h"

namespace {

using namespace pabal::store;

void demand(bool promise) {
  if (!promise) std::abort();
}

void records(std::string_view bytes) {
  const auto decoded = decode_records(bytes);
  if (!decoded) return;
  // A number may have been written longer than it need be; encoded again, it is at its shortest and stays so.
  std::string once;
  for (const Record& record : *decoded) append_record(once, record);
  const auto again = decode_records(once);
  demand(again.has_value() && again->size() == decoded->size());
  std::string twice;
  for (const Record& record : *again) append_record(twice, record);
  demand(once == twice);
}

void headers(std::string_view bytes) {
  if (const auto header = decode_group_header(bytes.substr(0, kGroupHeaderBytes), 7)) {
    demand(encode_group_header(*header, 7) == bytes.substr(0, kGroupHeaderBytes));
    demand(group_bytes(*header) % 8 == 0);
  }
  if (const auto header = decode_segment_header(bytes)) demand(encode_segment_header(*header) == bytes);
  if (const auto id = parse_segment_file_name(bytes)) demand(segment_file_name(*id) == bytes);
}

void index(std::string_view bytes) {
  if (const auto key = decode_data_key(bytes)) demand(data_key(key->partition, key->key) == bytes);
  if (const auto key = decode_reference_key(bytes))
    demand(reference_key(key->blob, key->partition, key->name) == bytes);
  if (const auto id = decode_blob_key(bytes)) demand(blob_key(*id) == bytes || loose_key(*id) == bytes);
  if (const auto id = decode_segment_key(bytes)) demand(segment_key(*id) == bytes);
  if (const auto location = decode_location(bytes))
    demand(decode_location(encode_location(*location)) == location);
  if (const auto applied = decode_applied(bytes))
    demand(decode_applied(encode_applied(*applied)).has_value());
  if (const auto use = decode_segment_use(bytes))
    demand(decode_segment_use(encode_segment_use(*use)).has_value());
  (void)decode_value(bytes);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  records(bytes);
  headers(bytes);
  index(bytes);
  return 0;
}
