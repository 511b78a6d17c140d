// A canonical savepoint's handle whose stream is read through a buffer of 64 KiB.

import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import org.apache.flink.core.fs.FSDataInputStream;
import org.apache.flink.runtime.state.KeyGroupsSavepointStateHandle;
import org.apache.flink.runtime.state.KeyedStateHandle;
import org.apache.flink.runtime.state.StreamStateHandle;

final class BufferedHandle {
    private static final int BUFFER_BYTES = 64 * 1024;

    private BufferedHandle() {}

    static KeyedStateHandle of(KeyedStateHandle handle) {
        KeyGroupsSavepointStateHandle savepoint = (KeyGroupsSavepointStateHandle) handle;
        StreamStateHandle file = savepoint.getDelegateStateHandle();
        StreamStateHandle buffered = (StreamStateHandle) Proxy.newProxyInstance(
                BufferedHandle.class.getClassLoader(), new Class<?>[] {StreamStateHandle.class}, (self, method, arguments) -> {
                    if (method.getName().equals("openInputStream")) {
                        return new Buffered(file.openInputStream());
                    }
                    try {
                        return method.invoke(file, arguments);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
        return new KeyGroupsSavepointStateHandle(savepoint.getGroupRangeOffsets(), buffered);
    }

    private static final class Buffered extends FSDataInputStream {
        private final FSDataInputStream in;
        private final byte[] buffer = new byte[BUFFER_BYTES];
        /** The buffer's place in the stream, what of it was read, and what it has. */
        private long start;
        private int position;
        private int limit;

        Buffered(FSDataInputStream in) throws IOException {
            this.in = in;
            start = in.getPos();
        }

        @Override
        public void seek(long to) throws IOException {
            if (to >= start && to <= start + limit) {
                position = (int) (to - start);
            } else {
                in.seek(to);
                start = to;
                position = 0;
                limit = 0;
            }
        }

        @Override
        public long getPos() {
            return start + position;
        }

        @Override
        public int read() throws IOException {
            return isAtEnd() ? -1 : buffer[position++] & 0xFF;
        }

        @Override
        public int read(byte[] to, int offset, int length) throws IOException {
            if (length == 0) {
                return 0;
            } else if (isAtEnd()) {
                return -1;
            }
            int count = Math.min(length, limit - position);
            System.arraycopy(buffer, position, to, offset, count);
            position += count;
            return count;
        }

        @Override
        public void close() throws IOException {
            in.close();
        }

        /** Fills the buffer if it is used up. */
        private boolean isAtEnd() throws IOException {
            if (position < limit) {
                return false;
            }
            start += limit;
            position = 0;
            limit = Math.max(in.read(buffer, 0, buffer.length), 0);
            return limit == 0;
        }
    }
}
