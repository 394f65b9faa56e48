/** The one importer of `@peculiar/x509`, which must find its reflection methods in place when it loads. */
import 'reflect-metadata';

export * from '@peculiar/x509';
