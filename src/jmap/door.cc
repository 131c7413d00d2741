#include "jmap/door.h"

#include <algorithm>
#include <optional>

#include "jmap/detail/call.h"
#include "jmap/detail/uploads.h"
#include "jmap/ids.h"
#include "jmap/session.h"

namespace pabal::jmap {
namespace {

constexpr std::string_view kUploadPath = "/jmap/upload/";
constexpr std::string_view kDownloadPath = "/jmap/download/";

http::Response as_response(ApiAnswer answer) {
  http::Response out = http::json_response(std::move(answer.body), static_cast<http::Status>(answer.status));
  if (answer.status >= 400) out.fields.set("content-type", "application/problem+json");
  return out;
}

std::string origin_of(const http::Request& request) {
  return fmt::format("{}://{}", request.tls ? "https" : "http", request.host);
}

}  // namespace

void Door::add_routes(http::Router& router) {
  router.add("/.well-known/jmap", {http::Method::kGet}, *this);
  router.add("/jmap/session", {http::Method::kGet}, *this);
  router.add("/jmap/api", {http::Method::kPost}, *this);
  router.add("/jmap/eventsource", {http::Method::kGet}, *this);
  router.add_prefix(kUploadPath, {http::Method::kPost}, *this);
  router.add_prefix(kDownloadPath, {http::Method::kGet}, *this);
}

// A client that went away is nobody to answer; all else is answered where it went wrong.
net::Task<void> Door::serve(http::Exchange& exchange) {
  auto caller = co_await callers_.find(exchange.request());
  if (!caller) {
    static_cast<void>(co_await exchange.respond(std::move(caller).error()));
    co_return;
  }
  const auto answered = co_await answer(exchange, *std::move(caller));
  if (!answered && !exchange.answered())
    static_cast<void>(co_await exchange.respond(http::problem_for(answered.error())));
}

net::Task<Result<void>> Door::answer(http::Exchange& exchange, Caller caller) {
  const std::string_view path = exchange.request().path();
  if (path == "/jmap/api") co_return co_await serve_api(exchange, caller);
  if (path == "/jmap/eventsource") co_return co_await serve_events(exchange, caller);
  if (path.starts_with(kUploadPath)) co_return co_await serve_upload(exchange, caller);
  if (path.starts_with(kDownloadPath)) co_return co_await serve_download(exchange, caller);
  co_return co_await serve_session(exchange, caller);
}

net::Task<Result<void>> Door::serve_session(http::Exchange& exchange, const Caller& caller) {
  co_return co_await exchange.respond(http::json_response(
      write_session(caller, api_.limits(), api_.services().door != nullptr, origin_of(exchange.request()))));
}

net::Task<Result<void>> Door::serve_api(http::Exchange& exchange, const Caller& caller) {
  if (exchange.request().content_type() != "application/json")
    co_return co_await exchange.respond(
        as_response(problem(400, "notJSON", "The content type must be application/json")));
  const detail::Turns::Turn turn(requests_, caller.account, api_.limits().max_concurrent_requests);
  if (!turn)
    co_return co_await exchange.respond(
        as_response(problem(400, "limit", "Too many requests at a time", "maxConcurrentRequests")));
  const auto body = co_await exchange.read_all(api_.limits().max_size_request);
  if (!body && body.error().kind == ErrorKind::kOverLimit)
    co_return co_await exchange.respond(
        as_response(problem(400, "limit", "The request is too large", "maxSizeRequest")));
  if (!body) co_return std::unexpected(body.error());
  co_return co_await exchange.respond(as_response(co_await api_.handle(caller, *body)));
}

net::Task<Result<void>> Door::serve_upload(http::Exchange& exchange, const Caller& caller) {
  const http::Request& request = exchange.request();
  std::string_view account = request.path().substr(kUploadPath.size());
  if (account.ends_with('/')) account.remove_suffix(1);
  if (account != account_id(caller.account))
    co_return co_await exchange.respond(http::problem(http::Status::kNotFound, "There is no such account"));
  const detail::Turns::Turn turn(uploads_, caller.account, api_.limits().max_concurrent_upload);
  if (!turn)
    co_return co_await exchange.respond(
        as_response(problem(400, "limit", "Too many uploads at a time", "maxConcurrentUpload")));
  const auto too_large = [] {
    return as_response(problem(413, "limit", "That is too large to be uploaded", "maxSizeUpload"));
  };
  const std::uint64_t most = api_.limits().max_size_upload;
  if (request.content_length.value_or(0) > most) co_return co_await exchange.respond(too_large());
  const auto writer = api_.services().engine.new_blob();
  std::uint64_t size = 0;
  for (;;) {
    PABAL_CO_TRY(const std::string_view piece, co_await exchange.read_some());
    if (piece.empty()) break;
    size += piece.size();
    if (size > most) co_return co_await exchange.respond(too_large());
    PABAL_CO_TRY_VOID(co_await writer->write(piece));
  }
  PABAL_CO_TRY(store::StagedBlob staged, co_await writer->finish());
  PABAL_CO_TRY(const detail::Upload kept,
               co_await detail::keep_upload(api_.services(), caller.account, std::move(staged)));
  std::string text;
  JsonWriter out(text);
  out.begin_object().key("accountId").text(account_id(caller.account));
  out.key("blobId").text(blob_id({kept.content, {}}));
  out.key("type").text(request.find("content-type").value_or("application/octet-stream"));
  out.key("size").number(kept.size_bytes).end_object();
  co_return co_await exchange.respond(http::json_response(std::move(text), http::Status::kCreated));
}

}  // namespace pabal::jmap
