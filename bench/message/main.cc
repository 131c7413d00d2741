// How fast letters are read: structure and envelope, all facts with the preview, and with text for search.
//
//     message_bench [seconds a row]

#include <fmt/format.h>

#include <cstdlib>
#include <ctime>
#include <string>

#include "message/envelope.h"
#include "message/letter.h"
#include "message/structure.h"

namespace {

using namespace pabal::message;

/// Seconds of processor time, so that what else the machine does counts as little as can be.
double spent_seconds() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

std::string header() {
  return "Return-Path: <alice@crepes.fr>\r\n"
         "Received: from mx.crepes.fr (mx.crepes.fr [192.0.2.1])\r\n\tby mail.hamburger.edu with ESMTPS id "
         "4f2a91\r\n"
         "\tfor <bob@hamburger.edu>; Fri, 21 Nov 2025 09:55:06 -0600\r\n"
         "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=crepes.fr; s=mail;\r\n"
         "\th=from:to:subject:date:message-id; bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=;\r\n"
         "\tb=dzdVyOfAKCdLXdJOc9G2q8LoXSlEniSbav+yuU4zGeeruD00lszZVoG4ZHRNiYzR\r\n"
         "From: =?UTF-8?B?7JWo66as7Iqk?= <alice@crepes.fr>\r\n"
         "To: \"Bob, the Baker\" <bob@hamburger.edu>, carol@example.org\r\n"
         "Cc: Dave <dave@example.net>\r\n"
         "Subject: =?UTF-8?Q?Do_you_like_ketchup=3F?=\r\n"
         "Date: Fri, 21 Nov 2025 09:55:06 -0600\r\n"
         "Message-ID: <4f2a91.1@crepes.fr>\r\n"
         "In-Reply-To: <4f2a90.1@hamburger.edu>\r\n"
         "References: <4f2a8f.1@hamburger.edu> <4f2a90.1@hamburger.edu>\r\n"
         "MIME-Version: 1.0\r\n";
}

std::string lines(std::size_t bytes) {
  constexpr std::string_view kLine =
      "How about pickles, and a slice of onion, with the mustard on the side?\r\n";
  std::string out;
  while (out.size() < bytes) out.append(kLine);
  return out;
}

std::string plain(std::size_t bytes) {
  const std::string top = header() + "Content-Type: text/plain; charset=utf-8\r\n\r\n";
  return top + lines(bytes - top.size());
}

std::string mixed(std::size_t bytes) {
  const std::string top = header() + "Content-Type: multipart/mixed; boundary=\"=_outer\"\r\n\r\n";
  const std::size_t part = (bytes - top.size()) / 4;
  std::string base64;
  while (base64.size() < 2 * part) base64.append(76, 'Q').append("\r\n");
  return top + "--=_outer\r\nContent-Type: multipart/alternative; boundary=\"=_inner\"\r\n\r\n" +
         "--=_inner\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n" + lines(part) +
         "--=_inner\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<html><body><p>" + lines(part) +
         "</body></html>\r\n--=_inner--\r\n" +
         "--=_outer\r\nContent-Type: application/pdf; name=menu.pdf\r\nContent-Transfer-Encoding: base64\r\n"
         "Content-Disposition: attachment; filename=menu.pdf\r\n\r\n" +
         base64 + "--=_outer--\r\n";
}

class CountingSink final : public TextSink {
 public:
  void on_field(PartIndex, std::string_view, std::string_view text) override { bytes += text.size(); }
  void on_text(PartIndex, std::string_view text) override { bytes += text.size(); }
  void on_text_end(PartIndex) override {}
  std::size_t bytes = 0;
};

std::size_t sink;  // keeps the compiler from leaving the work out

template <class Work>
void row(std::string_view name, const std::string& letter, double seconds, Work&& work) {
  std::size_t rounds = 0;
  const double start = spent_seconds();
  double spent = 0;
  do {
    for (int i = 0; i < 100; ++i) sink += work(letter);
    rounds += 100;
    spent = spent_seconds() - start;
  } while (spent < seconds);
  const double each = spent / static_cast<double>(rounds);
  fmt::print("| {} | {:.1f} KiB | {:.2f} | {:.0f} |\n", name, static_cast<double>(letter.size()) / 1024,
             each * 1e6, static_cast<double>(letter.size()) / each / 1e6);
}

}  // namespace

int main(int argc, char** argv) {
  const double seconds = argc > 1 ? std::atof(argv[1]) : 1.0;
  struct Letter {
    std::string_view name;
    std::string text;
  };
  const Letter letters[] = {{"plain", plain(4096)},
                            {"multipart", mixed(4096)},
                            {"plain", plain(65536)},
                            {"multipart", mixed(65536)}};
  fmt::print("| work | letter | microseconds | MB/s |\n|---|---|---|---|\n");
  for (const Letter& letter : letters) {
    const auto named = [&](std::string_view work) { return fmt::format("{}, {}", letter.name, work); };
    row(named("structure and envelope"), letter.text, seconds, [](const std::string& text) {
      const Structure structure = parse_structure(text);
      return parse_envelope(std::string_view(text).substr(0, structure.root().body_begin)).to.size() +
             structure.parts.size();
    });
    row(named("all facts"), letter.text, seconds,
        [](const std::string& text) { return read_letter(text).preview.size(); });
    row(named("facts and search text"), letter.text, seconds, [](const std::string& text) {
      CountingSink counter;
      return read_letter(text, &counter).preview.size() + counter.bytes;
    });
    const LetterFacts facts = read_letter(letter.text);
    const std::string stored = encode_facts(facts);
    row(named("facts from their stored form"), stored, seconds,
        [](const std::string& bytes) { return decode_facts(bytes)->preview.size(); });
  }
  return sink == 0;
}
