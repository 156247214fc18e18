#include "image.h"
#include "settings.h"
#include "../engine/report.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <sys/uio.h>
#include <unistd.h>

namespace rondo_emu {

namespace {

// Reads memory that may not be there: false then, instead of a signal.
bool readBytes(const void* from, void* to, size_t bytes) {
    iovec local = {to, bytes}, remote = {const_cast<void*>(from), bytes};
    ssize_t got = process_vm_readv(getpid(), &local, 1, &remote, 1, 0);
    if (got < 0 && (errno == ENOSYS || errno == EPERM)) {
        memcpy(to, from, bytes); // not allowed here: trust the caller
        return true;
    }
    return got == static_cast<ssize_t>(bytes);
}

template <class T> T take(const char* from) {
    T value;
    memcpy(&value, from, sizeof value);
    return value;
}

bool isWord(char c) { return c == '_' || c == '$' || (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z'); }

bool mentions(const std::string& bytes, const std::string& name) {
    for (size_t at = bytes.find(name); at != std::string::npos; at = bytes.find(name, at + 1)) {
        bool startsWord = at == 0 || !isWord(bytes[at - 1]);
        size_t end = at + name.size();
        if (startsWord && (end == bytes.size() || !isWord(bytes[end]))) {
            return true;
        }
    }
    return false;
}

void noteKernels(const std::string& bytes, Module* module) {
    for (const std::string& name : kernelNames()) {
        // In a cubin the name also stands behind ".text.".
        if (mentions(bytes, name)) {
            module->kernels += "\n" + name + "\n";
        }
    }
}

int ptxVersionFor(int driver) {
    static const int table[][2] = {{13000, 90}, {12090, 88}, {12080, 87}, {12050, 85}, {12040, 84}, {12030, 83},
                                   {12020, 82}, {12010, 81}, {12000, 80}, {11080, 78}, {11000, 70}};
    for (const auto& row : table) {
        if (driver >= row[0]) {
            return row[1];
        }
    }
    return 65;
}

int checkPtx(const std::string& text) {
    size_t version = text.find(".version"), target = text.find(".target sm_");
    long open = 0;
    for (char c : text) {
        open += (c == '{') - (c == '}');
    }
    size_t last = text.find_last_not_of(" \t\r\n");
    if (version == std::string::npos || target == std::string::npos || open != 0 || text[last] != '}') {
        report("the PTX image is not whole: .version, .target, and braces that close again are expected");
        return kInvalidPtx;
    }
    int major = 0, minor = 0;
    if (sscanf(text.c_str() + version, ".version %d.%d", &major, &minor) != 2) {
        return kInvalidPtx;
    }
    if (major * 10 + minor > ptxVersionFor(settings().driverVersion)) {
        report("PTX %d.%d is newer than driver %d understands", major, minor, settings().driverVersion);
        return kUnsupportedPtxVersion;
    }
    int architecture = atoi(text.c_str() + target + strlen(".target sm_"));
    const DeviceModel& device = settings().device;
    if (architecture > device.major * 10 + device.minor) {
        report("PTX for sm_%d on a device of compute capability %d.%d", architecture, device.major, device.minor);
        return kNoBinaryForGpu;
    }
    return kSuccess;
}

// Text up to its terminating zero.
int readPtx(const char* image, Module* module) {
    std::string text;
    char part[256];
    constexpr size_t limit = size_t{64} << 20;
    while (text.size() < limit) {
        // Not over a page border at once: the text may end at one.
        size_t room = 4096 - (reinterpret_cast<uintptr_t>(image) + text.size()) % 4096;
        size_t bytes = room < sizeof part ? room : sizeof part;
        if (!readBytes(image + text.size(), part, bytes)) {
            return kInvalidImage;
        }
        size_t length = strnlen(part, bytes);
        text.append(part, length);
        if (length < bytes) {
            if (int status = checkPtx(text)) {
                return status;
            }
            noteKernels(text, module);
            return kSuccess;
        }
    }
    return kInvalidImage;
}

// The number of bytes of an ELF file whose section table is given: it ends behind its table or behind its last section,
// whichever comes later. 0 when no section table of a cubin looks like this: the file was cut off.
uint64_t elfSize(const char* head, const char* table) {
    uint16_t count = take<uint16_t>(head + 60);
    uint64_t end = take<uint64_t>(head + 40) + uint64_t{64} * count;
    for (uint16_t i = 0; i < count; i++) {
        const char* section = table + size_t{64} * i;
        uint32_t type = take<uint32_t>(section + 4);
        uint64_t from = take<uint64_t>(section + 24), bytes = type == 8 ? 0 : take<uint64_t>(section + 32);
        bool plausible = type < 0x80000000u && from < (uint64_t{1} << 32) && bytes < (uint64_t{1} << 32);
        if ((type == 0) != (i == 0) || (i > 0 && !plausible)) {
            return 0;
        }
        end = from + bytes > end ? from + bytes : end;
    }
    return end;
}

bool isCubinHeader(const char* head) {
    return memcmp(head, "\177ELF\2", 5) == 0 && take<uint16_t>(head + 58) == 64 && take<uint16_t>(head + 60) > 1 &&
           take<uint64_t>(head + 40) < (uint64_t{1} << 32);
}

int readElf(const char* image, Module* module) {
    char head[64];
    if (!readBytes(image, head, sizeof head) || !isCubinHeader(head)) {
        return kInvalidImage;
    }
    std::vector<char> table(size_t{64} * take<uint16_t>(head + 60));
    if (!readBytes(image + take<uint64_t>(head + 40), table.data(), table.size())) {
        return kInvalidImage;
    }
    uint64_t size = elfSize(head, table.data());
    std::string bytes(size, '\0');
    if (size == 0 || !readBytes(image, &bytes[0], size)) {
        return kInvalidImage;
    }
    noteKernels(bytes, module);
    return kSuccess;
}

// The same for a cubin inside a fatbin.
bool isWholeCubin(const std::string& bytes) {
    if (bytes.size() < 64 || !isCubinHeader(bytes.data())) {
        return false;
    }
    uint64_t table = take<uint64_t>(bytes.data() + 40), tableBytes = uint64_t{64} * take<uint16_t>(bytes.data() + 60);
    if (table + tableBytes > bytes.size()) {
        return false;
    }
    uint64_t size = elfSize(bytes.data(), bytes.data() + table);
    return size != 0 && size <= bytes.size();
}

// A fatbin is a header and a chain of entries, each with its own header: kind, size, architecture, flags.
int readFatbin(const char* image, Module* module) {
    char head[16];
    if (!readBytes(image, head, sizeof head)) {
        return kInvalidImage;
    }
    uint64_t size = take<uint64_t>(head + 8);
    if (take<uint16_t>(head + 4) != 1 || take<uint16_t>(head + 6) != 16 || size == 0 || size > (uint64_t{1} << 32)) {
        return kInvalidImage;
    }
    std::string bytes(size, '\0');
    if (!readBytes(image + 16, &bytes[0], size)) {
        return kInvalidImage;
    }
    const DeviceModel& device = settings().device;
    uint32_t wanted = static_cast<uint32_t>(device.major * 10 + device.minor);
    bool fits = false;
    uint64_t at = 0;
    while (at < size) {
        if (size - at < 64) {
            return kInvalidImage;
        }
        const char* entry = bytes.data() + at;
        uint16_t kind = take<uint16_t>(entry);
        uint32_t header = take<uint32_t>(entry + 4), architecture = take<uint32_t>(entry + 28);
        uint64_t payload = take<uint64_t>(entry + 8);
        if (kind == 0 || kind > 128 || header < 64 || header > 4096 || payload > size - at - header) {
            return kInvalidImage;
        }
        bool isPtx = kind == 1, compressed = take<uint64_t>(entry + 40) & 0xf000;
        std::string content = bytes.substr(at + header, payload);
        int status = kSuccess;
        if (!compressed && isPtx) {
            status = checkPtx(content.c_str());
        } else if (!compressed && !isWholeCubin(content)) {
            status = kInvalidImage;
        }
        if (status == kInvalidPtx || status == kInvalidImage) {
            return kInvalidImage;
        }
        bool runs = isPtx ? architecture <= wanted : architecture / 10 == wanted / 10 && architecture <= wanted;
        if (runs && !status) {
            fits = true;
            if (compressed) {
                module->readable = false;
            } else {
                noteKernels(content, module);
            }
        }
        at += header + payload;
    }
    if (!fits) {
        report("the fatbin has nothing for compute capability %d.%d", device.major, device.minor);
        return kNoBinaryForGpu;
    }
    return kSuccess;
}

} // namespace

int readImage(const void* image, Module* module) {
    char magic[4];
    if (!image) {
        return kInvalidValue;
    }
    if (!readBytes(image, magic, sizeof magic)) {
        return kInvalidImage;
    }
    const char* bytes = static_cast<const char*>(image);
    if (take<uint32_t>(magic) == 0xba55ed50u) {
        return readFatbin(bytes, module);
    }
    if (memcmp(magic, "\177ELF", 4) == 0) {
        return readElf(bytes, module);
    }
    if (magic[0] == '/' || magic[0] == '.' || magic[0] == '\n' || magic[0] == ' ') {
        return readPtx(bytes, module);
    }
    report("a module image that is neither fatbin, cubin nor PTX");
    return kInvalidImage;
}

} // namespace rondo_emu
