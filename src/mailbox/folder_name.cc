// What folders may be called (folder.h). ICU's door of this module.

#include <unicode/bytestream.h>
#include <unicode/normalizer2.h>

#include <algorithm>

#include "base/ascii.h"
#include "base/utf8.h"
#include "mailbox/folder.h"

namespace pabal::mailbox {

namespace {

/// RFC 9051 §5.1: neither C0 nor C1 controls, nor the line and paragraph separators.
bool is_forbidden(char32_t c) { return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x2028 || c == 0x2029; }

bool has_forbidden(std::string_view text) {
  while (!text.empty()) {
    const Utf8Step step = decode_utf8(text);
    if (!step.code_point || is_forbidden(*step.code_point)) return true;
    text.remove_prefix(step.size);
  }
  return false;
}

std::string to_nfc(std::string_view text) {
  if (is_ascii(text)) return std::string(text);
  UErrorCode status = U_ZERO_ERROR;
  const icu::Normalizer2* nfc = icu::Normalizer2::getNFCInstance(status);
  std::string out;
  icu::StringByteSink<std::string> sink(&out);
  if (U_SUCCESS(status)) {
    nfc->normalizeUTF8(0, {text.data(), static_cast<std::int32_t>(text.size())}, sink, nullptr, status);
  }
  return U_SUCCESS(status) ? out : std::string(text);
}

}  // namespace

std::vector<std::string_view> split_path(std::string_view path) {
  std::vector<std::string_view> levels;
  for (;;) {
    const std::size_t end = path.find(kPathSeparator);
    levels.push_back(path.substr(0, end));
    if (end == std::string_view::npos) return levels;
    path.remove_prefix(end + 1);
  }
}

Result<std::string> normalize_folder_name(std::string_view name, bool at_top) {
  const auto refuse = [](std::string_view why) { return fail(ErrorKind::kRefuse, "{}", why); };
  // Looked at before ICU is: what comes out is at most three times as long.
  if (name.size() > kMaxFolderNameBytes * 3) return refuse("the folder's name is too long");
  if (name.empty()) return refuse("a folder needs a name");
  if (!is_utf8(name)) return refuse("the folder's name is not UTF-8");
  if (name.find(kPathSeparator) != std::string_view::npos) return refuse("a folder's name has no / in it");
  if (has_forbidden(name)) return refuse("the folder's name has control characters in it");
  std::string normal = to_nfc(name);
  if (normal.size() > kMaxFolderNameBytes) return refuse("the folder's name is too long");
  if (equals_ignoring_case(normal, kInboxName)) {
    if (!at_top) return refuse("only the inbox is called INBOX");
    return std::string(kInboxName);
  }
  return normal;
}

Result<std::string> normalize_path(std::string_view path) {
  if (path.ends_with(kPathSeparator)) path.remove_suffix(1);
  const std::vector<std::string_view> levels = split_path(path);
  if (levels.size() > kMaxFolderDepth) {
    return fail(ErrorKind::kRefuse, "folders lie in each other at most {} deep", kMaxFolderDepth);
  }
  std::string normal;
  for (const std::string_view level : levels) {
    PABAL_TRY(const std::string name, normalize_folder_name(level, normal.empty()));
    if (!normal.empty()) normal.push_back(kPathSeparator);
    normal += name;
  }
  return normal;
}

}  // namespace pabal::mailbox
