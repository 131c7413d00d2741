// Downloads: letters, their parts, and uploads. What a letter holds is somebody else's: it is never shown in
// our own origin, but saved, and not guessed at.
#include <algorithm>

#include "base/ascii.h"
#include "http/range.h"
#include "jmap/detail/letter_bytes.h"
#include "jmap/detail/uploads.h"
#include "jmap/door.h"
#include "jmap/ids.h"

namespace pabal::jmap {
namespace {

constexpr std::size_t kPieceBytes = 256 * 1024;

/// What a blob id names, ready to be read by range.
struct Source {
  std::uint64_t size = 0;
  std::optional<mailbox::LetterRecord> letter = {};
  std::optional<store::BlobId> upload = {};
  std::string content = {};  ///< of a part
};

net::Task<Result<std::optional<Source>>> find_source(detail::Call& call, BlobName name) {
  if (name.within.empty()) {
    if (const auto* content = std::get_if<store::BlobId>(&name.of)) {
      PABAL_CO_TRY(const auto upload, co_await detail::find_upload(call, *content));
      if (!upload) co_return std::nullopt;
      co_return Source{.size = upload->size_bytes, .upload = *content};
    }
    PABAL_CO_TRY(auto record,
                 co_await call.mailboxes().find(call.account(), std::get<mailbox::LetterId>(name.of)));
    if (!record) co_return std::nullopt;
    const std::uint64_t size = record->size_bytes();
    co_return Source{.size = size, .letter = std::move(record)};
  }
  PABAL_CO_TRY(auto content, co_await detail::load_blob(call, std::move(name)));
  if (!content) co_return std::nullopt;
  const std::uint64_t size = content->size();
  co_return Source{.size = size, .content = *std::move(content)};
}

net::Task<Result<std::string>> read(detail::Call& call, const Source& source, std::uint64_t offset,
                                    std::size_t size) {
  if (source.letter) co_return co_await call.mailboxes().read(*source.letter, offset, size);
  if (source.upload) co_return co_await call.services().engine.read_blob(*source.upload, offset, size);
  co_return source.content.substr(offset, size);
}

/// A media type as a client may name it: nothing that could end the field, or begin another.
std::string media_type(const http::Request& request) {
  const auto accept = request.query_parameter("accept");
  const auto is_sound = [](char c) {
    return is_alnum(c) || std::string_view("!#$&-^_.+/;= \"").find(c) != std::string_view::npos;
  };
  const bool usable = accept && accept->find('/') != std::string::npos && accept->size() < 128 &&
                      std::ranges::all_of(*accept, is_sound);
  return usable ? *accept : "application/octet-stream";
}

http::Fields fields_for(const http::Request& request, std::string_view name, std::string_view etag) {
  http::Fields out;
  out.add("content-type", media_type(request));
  out.add("content-disposition", fmt::format("attachment; filename*=UTF-8''{}", http::percent_encode(name)));
  out.add("x-content-type-options", "nosniff");
  out.add("content-security-policy", "sandbox; default-src 'none'");
  out.add("cross-origin-resource-policy", "same-origin");
  // What a blob id names never changes (RFC 8620 §6.2).
  out.add("cache-control", "private, immutable, max-age=31536000");
  out.add("etag", etag);
  return out;
}

}  // namespace

net::Task<Result<void>> Door::serve_download(http::Exchange& exchange, const Caller& caller) {
  const http::Request& request = exchange.request();
  std::string_view rest = request.path().substr(std::string_view("/jmap/download/").size());
  const auto take = [&] {
    const std::string_view segment = rest.substr(0, rest.find('/'));
    rest.remove_prefix(std::min(rest.size(), segment.size() + 1));
    return segment;
  };
  const std::string_view account = take();
  const std::string_view id = take();
  const auto file_name = http::percent_decode(rest);
  const auto name = account == account_id(caller.account) && file_name ? parse_blob_id(id) : std::nullopt;
  detail::Batch batch{.api = api_, .caller = caller};
  const Json::Object nothing;
  detail::Call call(batch, nothing);
  std::optional<Source> source;
  if (name) {
    PABAL_CO_TRY(source, co_await find_source(call, *name));
  }
  if (!source)
    co_return co_await exchange.respond(http::problem(http::Status::kNotFound, "There is no such blob"));

  const std::string etag = fmt::format("\"{}\"", id);
  http::Fields fields = fields_for(request, *file_name, etag);
  if (http::has_already(request, etag))
    co_return co_await exchange.respond({http::Status::kNotModified, std::move(fields)});
  const http::Slice slice = http::choose_slice(request, source->size, etag);
  slice.describe(source->size, fields);
  PABAL_CO_TRY_VOID(co_await exchange.begin({slice.status, std::move(fields)}, slice.size));
  for (std::uint64_t done = 0; done < slice.size;) {
    const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(kPieceBytes, slice.size - done));
    PABAL_CO_TRY(const std::string piece, co_await read(call, *source, slice.first + done, size));
    if (piece.size() < size) co_return fail(ErrorKind::kCorrupt, "a blob is shorter than it should be");
    PABAL_CO_TRY_VOID(co_await exchange.write(piece));
    done += size;
  }
  co_return co_await exchange.end();
}

}  // namespace pabal::jmap
