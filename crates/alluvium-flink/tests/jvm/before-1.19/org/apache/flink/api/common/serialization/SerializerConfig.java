package org.apache.flink.api.common.serialization;

/** In the place of what Flink has since 1.19: it lets the programs that name it be compiled with older versions. */
public interface SerializerConfig {}
