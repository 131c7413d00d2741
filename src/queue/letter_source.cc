#include "queue/letter_source.h"

#include "base/ascii.h"

namespace pabal::queue {
namespace {

bool has_field(std::string_view header, std::string_view name) {
  while (!header.empty()) {
    const std::string_view line = header.substr(0, header.find('\n'));
    if (line.size() > name.size() && equals_ignoring_case(line.substr(0, name.size()), name) &&
        (line[name.size()] == ':' || line[name.size()] == ' ' || line[name.size()] == '\t')) {
      return true;
    }
    header.remove_prefix(std::min(header.size(), line.size() + 1));
  }
  return false;
}

class SignatureFinder final : public message::PartVisitor {
 public:
  void on_header(const message::Structure&, message::PartIndex part, std::string_view header) override {
    if (part == 0) found = has_field(header, "DKIM-Signature");
  }
  void on_body(const message::Structure&, message::PartIndex, std::string_view) override {}
  void on_end(const message::Structure&, message::PartIndex) override {}

  bool found = false;
};

}  // namespace

net::Task<Result<std::string_view>> StoredLetter::next() {
  if (!std::exchange(preamble_given_, true) && !letter_.preamble.empty())
    co_return std::string_view(letter_.preamble);
  if (offset_ == letter_.blob_bytes) co_return std::string_view();
  auto piece = co_await read_piece();
  if (!piece) trouble_ = piece.error();
  co_return piece;
}

net::Task<Result<std::string_view>> StoredLetter::read_piece() {
  PABAL_CO_TRY(piece_, co_await store_.read_blob(letter_.blob, offset_, kLetterPieceBytes));
  if (piece_.empty() || piece_.size() > letter_.blob_bytes - offset_) {
    co_return fail(ErrorKind::kCorrupt, "the letter {} is stored with another length than it was taken with",
                   letter_.id.to_string());
  }
  offset_ += piece_.size();
  co_return std::string_view(piece_);
}

net::Task<Result<LetterInsight>> look_into(store::Engine& store, const Letter& letter) {
  if (letter.size_bytes() > kMaxConvertedBytes) {
    co_return fail(ErrorKind::kRefuse, "the letter would have to be converted, and is too large for that");
  }
  SignatureFinder signature;
  message::StructureParser parser(&signature);
  StoredLetter source(store, letter);
  for (;;) {
    PABAL_CO_TRY(const std::string_view piece, co_await source.next());
    if (piece.empty()) break;
    parser.feed(piece);
  }
  LetterInsight out{.structure = parser.finish(), .plan = {}, .dkim_signed = signature.found};
  out.plan = message::plan_downgrade(out.structure);
  co_return out;
}

net::Task<Result<std::string_view>> ConvertedLetter::next() {
  piece_.clear();
  while (piece_.empty() && !ended_) {
    PABAL_CO_TRY(const std::string_view bytes, co_await original_.next());
    ended_ = bytes.empty();
    if (ended_) {
      downgrader_.finish(piece_);
    } else {
      downgrader_.feed(bytes, piece_);
    }
  }
  co_return std::string_view(piece_);
}

}  // namespace pabal::queue
