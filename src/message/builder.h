// Letters made from their parts: bounces, what the web agent and JMAP send, imports. A part is a plain value;
// a multipart holds its parts. Content that is not at hand (an attachment in the store) is named by a number,
// and the letter comes out as pieces between which the caller streams it, so that no letter needs to be in
// memory whole.
//
//     HeaderWriter header;
//     header.add_addresses("From", from);  header.add_text("Subject", "점심");
//     std::string letter = build_letter(header.take(), Entity::text("김치 어때?\n"), random);
//
// Pure functions; any thread. How deep entities nest is the caller's to bound (kMaxPartDepth is what readers
// take). MIME-Version and the fields of content are added here; the caller writes all others.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "message/content_type.h"
#include "message/header_writer.h"
#include "message/transfer_encoding.h"

namespace pabal::message {

struct Entity {
  std::string type = "text";
  std::string subtype = "plain";
  Parameters parameters = {};    ///< Of the type, UTF-8; charset and boundary are added here.
  std::string disposition = {};  ///< `inline`, `attachment` or none.
  std::string file_name = {};    ///< UTF-8; any script.
  std::string content_id = {};   ///< Without brackets.
  std::string description = {};

  std::string content = {};                    ///< Decoded bytes; for text UTF-8 with any line ends.
  std::vector<Entity> parts = {};              ///< Of a multipart.
  std::optional<std::uint32_t> external = {};  ///< In place of content: the caller's number for it.
  /// Of external content: base64, or 7bit or 8bit for a letter that is known to be so.
  TransferEncoding external_encoding = TransferEncoding::kBase64;

  static Entity text(std::string utf8, std::string subtype = "plain");
  static Entity bytes(std::string type, std::string subtype, std::string content);
  static Entity stored(std::string type, std::string subtype, std::uint32_t external,
                       TransferEncoding encoding = TransferEncoding::kBase64);
  static Entity multipart(std::string subtype, std::vector<Entity> parts);
  /// A letter within (message/rfc822; message/global when its header needs it, RFC 6532 §3.7).
  static Entity letter(std::string bytes);
  /// multipart/report (RFC 6522): what people read, what machines read, and the letter or its header.
  static Entity report(std::string report_type, std::vector<Entity> parts);

  Entity as_attachment(std::string name) &&;
  Entity as_inline(std::string id) &&;
};

struct BuildOptions {
  /// Text and letters may hold bytes over ASCII (8BITMIME). Otherwise all is 7-bit.
  bool allow_8bit = false;
  HeaderWriter::Script script = HeaderWriter::Script::kAscii;
};

/// A stretch of the letter, then, when `external` is set, that content in `encoding`.
struct LetterPiece {
  std::string bytes;
  std::optional<std::uint32_t> external = {};
  TransferEncoding encoding = TransferEncoding::kBase64;
};

/// `header`: fields with their line ends, without an empty line. `random` makes the boundaries.
std::vector<LetterPiece> lay_out_letter(std::string header, const Entity& body, Random& random,
                                        const BuildOptions& options = {});

/// The same for a body without external content.
std::string build_letter(std::string header, const Entity& body, Random& random,
                         const BuildOptions& options = {});

}  // namespace pabal::message
