#include "http/static_files.h"

#include <algorithm>
#include <utility>

#include "base/ascii.h"
#include "http/range.h"

namespace pabal::http {
namespace {

constexpr std::pair<std::string_view, std::string_view> kTypes[] = {
    {".html", "text/html; charset=utf-8"},
    {".js", "text/javascript; charset=utf-8"},
    {".mjs", "text/javascript; charset=utf-8"},
    {".css", "text/css; charset=utf-8"},
    {".json", "application/json"},
    {".webmanifest", "application/manifest+json"},
    {".svg", "image/svg+xml"},
    {".png", "image/png"},
    {".ico", "image/x-icon"},
    {".webp", "image/webp"},
    {".woff2", "font/woff2"},
    {".wasm", "application/wasm"},
    {".txt", "text/plain; charset=utf-8"},
};

bool wants_page(const Request& request) {
  const auto accept = request.find("accept");
  return accept && accept->find("text/html") != accept->npos;
}

std::string_view trim(std::string_view text) {
  while (text.starts_with(' ') || text.starts_with('\t')) text.remove_prefix(1);
  while (text.ends_with(' ') || text.ends_with('\t')) text.remove_suffix(1);
  return text;
}

// "q=0", "q=0.000": not at all.
bool is_zero_weight(std::string_view parameter) {
  parameter = trim(parameter);
  if (parameter.size() < 3 || to_lower(parameter.front()) != 'q' || parameter[1] != '=') return false;
  return std::ranges::all_of(parameter.substr(2), [](char c) { return c == '0' || c == '.'; });
}

struct Variant {
  std::string_view content;
  std::string_view coding;  // empty: as it is
};

Variant choose(const EmbeddedFile& file, const Request& request) {
  if (!file.brotli.empty() && accepts_coding(request, "br")) return {file.brotli, "br"};
  if (!file.gzip.empty() && accepts_coding(request, "gzip")) return {file.gzip, "gzip"};
  return {file.content, {}};
}

}  // namespace

std::string_view media_type_of(std::string_view path) {
  for (const auto& [ending, type] : kTypes) {
    if (path.ends_with(ending)) return type;
  }
  return "application/octet-stream";
}

bool accepts_coding(const Request& request, std::string_view coding) {
  std::string_view rest = request.find("accept-encoding").value_or("");
  while (!rest.empty()) {
    const std::size_t comma = rest.find(',');
    const std::string_view element = rest.substr(0, comma);
    rest = comma == rest.npos ? std::string_view() : rest.substr(comma + 1);
    const std::size_t semicolon = element.find(';');
    if (!equals_ignoring_case(trim(element.substr(0, semicolon)), coding)) continue;
    return semicolon == element.npos || !is_zero_weight(element.substr(semicolon + 1));
  }
  return false;
}

StaticFiles::StaticFiles(std::span<const EmbeddedFile> files, StaticFilesOptions options)
    : options_(std::move(options)) {
  for (const EmbeddedFile& file : files) files_.emplace(file.path, &file);
}

const EmbeddedFile* StaticFiles::find(const Request& request) const {
  const std::string_view path = request.path() == "/" ? std::string_view(options_.index) : request.path();
  if (const auto it = files_.find(path); it != files_.end()) return it->second;
  // A script that is gone must not be answered with a page.
  const bool is_page =
      options_.index_for_unknown && wants_page(request) && !path.starts_with(options_.immutable_prefix);
  const auto index = is_page ? files_.find(options_.index) : files_.end();
  return index == files_.end() ? nullptr : index->second;
}

net::Task<void> StaticFiles::serve(Exchange& exchange) {
  const Request& request = exchange.request();
  const EmbeddedFile* const file = find(request);
  if (file == nullptr) {
    std::ignore = co_await exchange.respond(problem(Status::kNotFound, "There is nothing at this address."));
    co_return;
  }
  const Variant variant = choose(*file, request);
  const std::string tag = "\"" + std::string(file->hash) + (variant.coding.empty() ? "" : "-") +
                          std::string(variant.coding) + "\"";
  const bool immutable = file->path.starts_with(options_.immutable_prefix);
  const std::string_view type = media_type_of(file->path);
  Response response;
  response.fields.add("etag", tag);
  response.fields.add("vary", "accept-encoding");
  response.fields.add("cache-control", immutable ? "public, max-age=31536000, immutable" : "no-cache");
  if (type.starts_with("text/html")) {
    const auto own = options_.policies.find(file->path);
    response.fields.add("content-security-policy",
                        own == options_.policies.end() ? options_.content_security_policy : own->second);
    response.fields.add("cross-origin-opener-policy", "same-origin");
    response.fields.add("permissions-policy", "camera=(), microphone=(), geolocation=(), payment=(), usb=()");
  }
  if (has_already(request, tag)) {
    response.status = Status::kNotModified;
  } else {
    response.fields.add("content-type", type);
    if (!variant.coding.empty()) response.fields.add("content-encoding", variant.coding);
    response.body = Body::lasting(variant.content);
  }
  std::ignore = co_await exchange.respond(std::move(response));
}

}  // namespace pabal::http
