// How fast responses are written from stored facts, and commands read.
//
//     imap_grammar_bench [letters]

#include <fmt/format.h>

#include <cstdlib>
#include <ctime>
#include <string>
#include <string_view>
#include <vector>

#include "imap/grammar/fetch_command.h"
#include "imap/grammar/flags.h"
#include "imap/grammar/search_command.h"
#include "imap/grammar/sequence_set.h"
#include "imap/grammar/write_letter.h"
#include "imap/grammar/write_responses.h"
#include "message/letter.h"

namespace {

using namespace pabal;
using namespace pabal::imap;

constexpr std::size_t kBufferBytes = 64 * 1024;

double spent_seconds() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

std::string header(std::size_t number) {
  return fmt::format(
      "From: =?UTF-8?B?7JWo66as7Iqk?= <alice{0}@crepes.fr>\r\n"
      "To: \"Bob, the Baker\" <bob@hamburger.edu>\r\n"
      "Subject: Re: [burgers] Do you like ketchup on order {0}?\r\n"
      "Date: Fri, 21 Nov 2025 09:55:06 -0600\r\n"
      "Message-ID: <4f2a91.{0}@crepes.fr>\r\nIn-Reply-To: <4f2a90.{0}@hamburger.edu>\r\n",
      number);
}

std::string plain(std::size_t number) {
  return header(number) + "Content-Type: text/plain; charset=utf-8\r\n\r\nHow about pickles?\r\n";
}

std::string mixed(std::size_t number) {
  return header(number) +
         "Content-Type: multipart/mixed; boundary=o\r\n\r\n--o\r\n"
         "Content-Type: multipart/alternative; boundary=i\r\n\r\n"
         "--i\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nHow about pickles?\r\n"
         "--i\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
         "<p>How about pickles?\r\n--i--\r\n"
         "--o\r\nContent-Type: application/pdf; name=\"menu.pdf\"\r\nContent-Transfer-Encoding: base64\r\n"
         "Content-Disposition: attachment; filename=\"menu.pdf\"\r\n\r\nAAAA\r\n--o--\r\n";
}

/// Calls `append(out, i)` for each letter, as a session that sends what it has at 64 KiB.
template <class Append>
void measure(std::string_view work, std::size_t letters, Append append) {
  std::string out;
  std::size_t bytes = 0;
  const double begin = spent_seconds();
  for (std::size_t i = 0; i < letters; ++i) {
    append(out, i);
    if (out.size() < kBufferBytes) continue;
    bytes += out.size();
    out.clear();
  }
  const double spent = spent_seconds() - begin;
  bytes += out.size();
  fmt::print("{:<28} {:>8.4f} s {:>8.0f} ns each {:>7} bytes each\n", work, spent,
             spent * 1e9 / static_cast<double>(letters), bytes / letters);
}

template <class Make>
std::vector<std::string> facts_of(std::size_t letters, Make make) {
  std::vector<std::string> facts;
  facts.reserve(letters);
  for (std::size_t i = 0; i < letters; ++i) facts.push_back(encode_facts(message::read_letter(make(i))));
  return facts;
}

void measure_letters(std::size_t letters) {
  const std::vector<std::string> plain_facts = facts_of(letters, plain);
  const std::vector<std::string> mixed_facts = facts_of(letters, mixed);
  const Dialect dialect;
  measure("ENVELOPE", letters, [&](std::string& out, std::size_t i) {
    std::ignore = append_envelope(out, message::view_facts(plain_facts[i])->envelope, dialect);
  });
  measure("BODYSTRUCTURE plain", letters, [&](std::string& out, std::size_t i) {
    std::ignore = append_body(out, *message::view_facts(plain_facts[i]), BodyForm::kBodyStructure, dialect);
  });
  measure("BODYSTRUCTURE of four parts", letters, [&](std::string& out, std::size_t i) {
    std::ignore = append_body(out, *message::view_facts(mixed_facts[i]), BodyForm::kBodyStructure, dialect);
  });
}

void measure_flags(std::size_t letters) {
  const std::vector<std::string> keywords = {"$Forwarded", "$Junk", "later"};
  measure("FLAGS", letters, [&](std::string& out, std::size_t i) {
    out.append("* ");
    append_number(out, i + 1);
    out.append(" FETCH (UID ");
    append_number(out, 2 * i + 1);
    out.append(" FLAGS ");
    append_flag_list(out, mailbox::Flags(i % 64), keywords);
    out.append(")\r\n");
  });
}

void measure_sets(std::size_t letters) {
  std::vector<std::uint32_t> uids;
  for (std::size_t i = 0; i < letters; ++i) uids.push_back(static_cast<std::uint32_t>(2 * i + 1));
  std::string text;
  double begin = spent_seconds();
  append_sequence_set(text, uids);
  fmt::print("{:<28} {:>8.4f} s\n", "UID list written", spent_seconds() - begin);
  begin = spent_seconds();
  Cursor in(text);
  const auto set = SequenceSet::parse(in);
  const std::size_t ranges = set ? set->resolve(UINT32_MAX).size() : 0;
  fmt::print("{:<28} {:>8.4f} s {:>8} ranges\n", "UID list read", spent_seconds() - begin, ranges);
}

void measure_commands(std::size_t letters) {
  std::size_t understood = 0;
  measure("UID FETCH read", letters, [&](std::string&, std::size_t) {
    Cursor in(" 4711 (UID FLAGS BODY.PEEK[HEADER.FIELDS (From To Subject Date)])");
    understood += parse_fetch(in, {}, true).has_value();
  });
  measure("UID SEARCH read", letters, [&](std::string&, std::size_t) {
    Cursor in(" RETURN (COUNT) UNSEEN FROM \"alice\" NOT SUBJECT ketchup SINCE 1-Nov-2025");
    understood += parse_search(in, {}).has_value();
  });
  if (understood != 2 * letters) fmt::print("a command was refused\n");
}

}  // namespace

int main(int argc, char** argv) {
  const std::size_t letters = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 100'000;
  measure_letters(letters);
  measure_flags(letters);
  measure_sets(letters);
  measure_commands(letters);
}
