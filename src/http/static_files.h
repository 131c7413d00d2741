// Files that are part of the program: pages, scripts, styles (cmake/PabalEmbed.cmake puts them in). Served
// compressed where that was done at build time and the client takes it, with an entity tag each.
//
// One object serves all loops.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>

#include "http/handler.h"

namespace pabal::http {

/// Everything lives as long as the program.
struct EmbeddedFile {
  std::string_view path;  ///< "/assets/app-3f2a.js"
  std::string_view hash;  ///< of the content
  std::string_view content;
  std::string_view gzip = {};  ///< empty: not worth it
  std::string_view brotli = {};
};

struct StaticFilesOptions {
  /// What `/` is, and what a browser gets that asks for a page which is none of the files: one that finds its
  /// way in the page itself. Without it that is 404.
  std::string index = "/index.html";
  bool index_for_unknown = true;
  /// Files under it carry a hash in their names: they never change, so browsers need not ask again.
  std::string immutable_prefix = "/assets/";
  /// For documents.
  std::string content_security_policy;
  /// For those that have one of their own, by path.
  std::map<std::string, std::string, std::less<>> policies = {};
};

class StaticFiles final : public Handler {
 public:
  StaticFiles(std::span<const EmbeddedFile> files, StaticFilesOptions options);

  net::Task<void> serve(Exchange& exchange) override;

 private:
  const EmbeddedFile* find(const Request& request) const;

  std::map<std::string_view, const EmbeddedFile*> files_;
  const StaticFilesOptions options_;
};

/// The media type of a file's name; `application/octet-stream` for an ending that is not known.
std::string_view media_type_of(std::string_view path);
/// Whether Accept-Encoding takes that coding (RFC 9110 §12.5.3).
bool accepts_coding(const Request& request, std::string_view coding);

/// The policy of the web agent's pages: scripts and styles of our own alone, under Trusted Types.
inline constexpr std::string_view kAppPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; style-src-attr 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self'; media-src 'self' blob:; connect-src 'self'; frame-src 'self'; "
    "worker-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
    "object-src 'none'; require-trusted-types-for 'script'; trusted-types svelte-trusted-html dompurify";

}  // namespace pabal::http
