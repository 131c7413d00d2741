#include "jmap/detail/uploads.h"

#include <algorithm>
#include <vector>

#include "base/record_reader.h"
#include "base/record_writer.h"

namespace pabal::jmap::detail {
namespace {

constexpr std::string_view kPrefix = "jmap/upload/";
constexpr std::uint8_t kVersion = 1;

std::string key_of(store::BlobId content) { return std::string(kPrefix) + std::string(content.bytes()); }

net::Task<Result<std::vector<Upload>>> load_uploads(store::Engine& engine, store::PartitionId partition) {
  std::vector<Upload> out;
  std::optional<store::KeyRange> range = store::KeyRange::with_prefix(kPrefix);
  while (range) {
    PABAL_CO_TRY(const store::ScanPage page, co_await engine.scan(partition, *range, {}));
    for (std::size_t i = 0; i < page.size(); ++i) {
      const auto content = store::BlobId::from_bytes(page[i].key.substr(kPrefix.size()));
      const auto upload = content ? decode_upload(*content, page[i].value) : std::nullopt;
      if (!upload) co_return fail(ErrorKind::kCorrupt, "an upload of {} can't be read", partition);
      out.push_back(*upload);
    }
    range = page.next();
  }
  co_return out;
}

}  // namespace

std::string encode(const Upload& upload) {
  return RecordWriter(kVersion).number(upload.size_bytes).time(upload.at).finish();
}

std::optional<Upload> decode_upload(store::BlobId content, std::string_view bytes) {
  RecordReader in(bytes, kVersion);
  Upload out{.content = content, .size_bytes = in.number(), .at = in.time()};
  return in.complete() ? std::optional(out) : std::nullopt;
}

net::Task<Result<std::optional<Upload>>> find_upload(Call& call, store::BlobId content) {
  PABAL_CO_TRY(const auto value, co_await call.services().engine.get_one(call.partition(), key_of(content)));
  if (!value) co_return std::nullopt;
  const auto upload = decode_upload(content, value->bytes);
  if (!upload) co_return fail(ErrorKind::kCorrupt, "an upload of account {} can't be read", call.account());
  if (upload->at + kKeepUploads < call.services().clock.wall()) co_return std::nullopt;
  co_return upload;
}

net::Task<Result<Upload>> keep_upload(const ApiServices& services, account::AccountId account,
                                      store::StagedBlob blob) {
  const store::PartitionId partition = account::partition_of(account);
  const Upload fresh{.content = blob.id, .size_bytes = blob.size_bytes, .at = services.clock.wall()};
  PABAL_CO_TRY(std::vector<Upload> kept, co_await load_uploads(services.engine, partition));
  std::erase(kept, fresh);
  std::ranges::sort(kept, std::ranges::greater(), &Upload::at);
  store::Batch batch(partition);
  std::uint64_t bytes = fresh.size_bytes;
  std::size_t count = 1;
  for (const Upload& each : kept) {
    if (each.content == fresh.content) continue;
    bytes += each.size_bytes;
    if (++count <= kMaxUploads && bytes <= kMaxUploadBytes && each.at + kKeepUploads >= fresh.at) continue;
    batch.erase(key_of(each.content));
    batch.release(each.content, key_of(each.content));
  }
  batch.put(key_of(fresh.content), encode(fresh));
  batch.hold(fresh.content, key_of(fresh.content));
  batch.attach(std::move(blob));
  PABAL_CO_TRY_VOID(co_await services.engine.commit(std::move(batch)));
  co_return fresh;
}

}  // namespace pabal::jmap::detail
