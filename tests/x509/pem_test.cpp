#include "x509/pem.h"

#include <gtest/gtest.h>

namespace seki::x509 {
namespace {

std::string block(std::string_view base64) { return fmt::format("-----BEGIN X-----\n{}\n-----END X-----\n", base64); }

std::string read(std::string_view text) {
    const auto blocks = read_pem(text);
    if (!blocks) return blocks.error().message;
    std::string all;
    for (const PemBlock& each : *blocks) all += fmt::format("{}={} ", each.label, each.der);
    return all;
}

TEST(Pem, is_read_block_by_block) {
    EXPECT_EQ(read(""), "");
    EXPECT_EQ(read("no block"), "");
    EXPECT_EQ(read(block("aGVsbG8=")), "X=hello ");
    EXPECT_EQ(read("Bag: of things\n" + block("aGVs\nbG8=") + "between\n\n" + block("aGk=")), "X=hello X=hi ");
    EXPECT_EQ(read("-----BEGIN A-----\r\naGVsbG8= \r\n-----END A-----"), "A=hello ");
    EXPECT_EQ(read(block("")), "X= ");
}

TEST(Pem, that_is_none_is_refused_with_its_line) {
    EXPECT_EQ(read(block("aGV*bG8=")), "line 2 is no base64");
    EXPECT_EQ(read(block("aGVs\n\nbG=8")), "line 4 is no base64");
    EXPECT_EQ(read(block("aGVsbG8")), "the base64 before line 3 is not complete");
    EXPECT_EQ(read(block("aGVsbG8==")), "the base64 before line 3 is not complete");
    EXPECT_EQ(read(block("aGVsb")), "the base64 before line 3 is not complete");
    EXPECT_EQ(read(block("aGVs=")), "the base64 before line 3 is not complete");
    EXPECT_EQ(read("\n-----BEGIN X-----\naGk="), "the block that begins in line 2 does not end");
    EXPECT_EQ(read("-----BEGIN X-----\naGk=\n-----END Y-----"), "line 3 ends another block than line 1 began");
    EXPECT_EQ(read("-----BEGIN X-----\naGk=\n-----BEGIN X-----\n"), "line 3 is no base64");
    EXPECT_EQ(read("-----BEGIN -----"), "the block that begins in line 1 does not end");
    EXPECT_EQ(read("-----BEGIN ----"), "");
}

TEST(Pem, says_that_it_is_encrypted) {
    const std::string text =
        "-----BEGIN X-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\naGk=\n-----END X-----";
    EXPECT_TRUE(read_pem(text)->front().encrypted);
    EXPECT_FALSE(read_pem(block("aGk="))->front().encrypted);
}

TEST(Pem, is_written_in_its_normal_form) {
    EXPECT_EQ(write_pem("X", "hello"), block("aGVsbG8="));
    EXPECT_EQ(write_pem("X", ""), "-----BEGIN X-----\n-----END X-----\n");
    for (size_t size = 0; size < 200; ++size) {
        const std::string der(size, static_cast<char>(size));
        const std::string text = write_pem("X", der);
        ASSERT_EQ(read_pem(text)->front().der, der);
        EXPECT_EQ(text.find('\n', 20) - text.find('\n') - 1, size == 0 ? 15 : std::min<size_t>(64, (size + 2) / 3 * 4));
    }
}

TEST(Pem, has_certificates_among_other_things) {
    const std::string key = "-----BEGIN PRIVATE KEY-----\naGk=\n-----END PRIVATE KEY-----\n";
    EXPECT_EQ(read_certificates(key).error().message, "it holds no certificate in PEM");
    EXPECT_EQ(*read_certificates(key + write_pem("CERTIFICATE", "a") + write_pem("X509 CERTIFICATE", "b")),
              (std::vector<std::string>{"a", "b"}));
}

}  // namespace
}  // namespace seki::x509
